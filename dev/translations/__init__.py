"""`make locales`: the gettext catalogues of the pages, updated from the sources and checked."""
