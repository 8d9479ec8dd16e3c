"""The pages' words in German, by the English ones that stand in templates and code."""

WORDS = {
    "Skip to the content": "Zum Inhalt springen",
    "OpenID Provider": "OpenID-Provider",
    # login
    "Sign in": "Anmelden",
    "Not signed in yet": "Noch nicht angemeldet",
    "to continue to": "und weiter zu",
    "Username": "Benutzername",
    "Password": "Passwort",
    "The username or the password is wrong.": "Benutzername oder Passwort ist falsch.",
    "There were too many tries for this username. Wait a few minutes, then try again.": (
        "Für diesen Benutzernamen gab es zu viele Versuche. Bitte in einigen Minuten noch einmal versuchen."
    ),
    # what a client says of itself
    "Privacy policy": "Datenschutzerklärung",
    "Terms of service": "Nutzungsbedingungen",
    # consent
    "Allow access?": "Zugriff erlauben?",
    "asks for access to your account": "bittet um Zugriff auf Ihr Konto",
    "You are signed in as": "Sie sind angemeldet als",
    "It would be able to:": "Die Anwendung könnte dann:",
    "Allow": "Erlauben",
    "Refuse": "Ablehnen",
    "Its access lasts for {lifetime}.": "Der Zugriff gilt für {lifetime}.",
    "Each use renews its access, which otherwise ends after {lifetime}.": (
        "Jede Nutzung verlängert den Zugriff; sonst endet er nach {lifetime}."
    ),
    "Your answer is remembered for {lifetime}. You can take it back at any time:": (
        "Ihre Antwort gilt für {lifetime}. Sie können sie jederzeit widerrufen:"
    ),
    "your account": "Ihr Konto",
    "know who you are": "erfahren, wer Sie sind",
    "see your email address": "Ihre E-Mail-Adresse sehen",
    "see your profile: name, picture, birthday and the like": "Ihr Profil sehen: Name, Bild, Geburtstag und Ähnliches",
    "see your postal address": "Ihre Postanschrift sehen",
    "see your phone number": "Ihre Telefonnummer sehen",
    "keep its access while you are away": "den Zugriff behalten, während Sie abwesend sind",
    "use what it calls {scope}": "nutzen, was sie selbst {scope} nennt",
    "see of your profile: {claims}": "aus Ihrem Profil sehen: {claims}",
    "{n} day": "{n} Tag",
    "{n} days": "{n} Tage",
    "{n} hour": "{n} Stunde",
    "{n} hours": "{n} Stunden",
    "{n} minute": "{n} Minute",
    "{n} minutes": "{n} Minuten",
    "{n} second": "{n} Sekunde",
    "{n} seconds": "{n} Sekunden",
    # account
    "Your account": "Ihr Konto",
    "Applications that you allowed": "Anwendungen, denen Sie Zugriff erlaubt haben",
    "You have allowed no application.": "Sie haben keiner Anwendung Zugriff erlaubt.",
    "Take back": "Widerrufen",
    "allowed on {date}": "erlaubt am {date}",
    "Your sign-ins": "Ihre Anmeldungen",
    "this browser": "dieser Browser",
    "an unknown browser": "ein unbekannter Browser",
    "since {date}": "seit {date}",
    "Sign out": "Abmelden",
    "You are not signed in": "Sie sind nicht angemeldet",
    "Sign in at one of your applications, then come back to this page.": (
        "Melden Sie sich bei einer Ihrer Anwendungen an und kommen Sie dann auf diese Seite zurück."
    ),
    # the way back to an application
    "One moment": "Einen Moment",
    "You are on your way back to {client_name}.": "Sie gehen zurück zu {client_name}.",
    "Go on": "Weiter",
    # what went wrong
    "This sign-in is no longer open": "Diese Anmeldung ist nicht mehr offen",
    "It was finished, has waited for more than ten minutes, or belongs to another browser. "
    "Go back to the application and start again.": (
        "Sie ist abgeschlossen, hat länger als zehn Minuten gewartet oder gehört zu einem anderen Browser. "
        "Gehen Sie zurück zur Anwendung und beginnen Sie von vorn."
    ),
    "This application is not known": "Diese Anwendung ist nicht bekannt",
    "No client is registered with this client_id.": "Unter dieser client_id ist keine Anwendung registriert.",
    "It was removed while you were signing in.": "Sie wurde entfernt, während Sie sich angemeldet haben.",
    "Which application is this?": "Welche Anwendung ist das?",
    "client_id or redirect_uri was sent more than once.": "client_id oder redirect_uri wurde mehrfach gesendet.",
    "The request has no client_id.": "Die Anfrage hat keine client_id.",
    "Where should this sign-in return to?": "Wohin soll diese Anmeldung zurückführen?",
    "The request has no redirect_uri.": "Die Anfrage hat keine redirect_uri.",
    "This return address is not registered": "Diese Rücksprungadresse ist nicht registriert",
    "The redirect_uri is not exactly one of those registered for this application.": (
        "Die redirect_uri ist keine der genauen Adressen, die für diese Anwendung registriert sind."
    ),
    "This sign-in has no nonce": "Diese Anmeldung hat keine nonce",
    "This request cannot be answered": "Diese Anfrage kann nicht beantwortet werden",
    "The sign-in is away for a moment": "Die Anmeldung ist gerade nicht erreichbar",
    "It cannot reach its memory. Try again in a few seconds; nothing that you did is lost.": (
        "Sie erreicht ihren Speicher nicht. Versuchen Sie es in einigen Sekunden noch einmal; nichts ist verloren."
    ),
    "Something went wrong here": "Hier ist etwas schiefgegangen",
    "It is written to the provider's log.": "Es steht im Protokoll des Providers.",
}
