"""The pages' words in German, by the English ones that stand in templates and code."""

from op.protocol.authorization.request_object import REQUEST_URI_LIMIT
from servicekit.web.parameters import COUNT_LIMIT, PARAMETER_LIMIT

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
    "see of your profile: {claim}": "aus Ihrem Profil sehen: {claim}",
    "name": "Name",
    "given name": "Vorname",
    "family name": "Nachname",
    "middle name": "weiterer Vorname",
    "nickname": "Spitzname",
    "preferred username": "bevorzugter Benutzername",
    "profile page": "Profilseite",
    "picture": "Bild",
    "website": "Website",
    "gender": "Geschlecht",
    "birthday": "Geburtstag",
    "time zone": "Zeitzone",
    "language": "Sprache",
    "time of its last change": "Zeit der letzten Änderung",
    "email address": "E-Mail-Adresse",
    "whether the email address is verified": "ob die E-Mail-Adresse geprüft ist",
    "postal address": "Postanschrift",
    "phone number": "Telefonnummer",
    "whether the phone number is verified": "ob die Telefonnummer geprüft ist",
    "{n} day": "{n} Tag",
    "{n} days": "{n} Tage",
    "{n} hour": "{n} Stunde",
    "{n} hours": "{n} Stunden",
    "{n} minute": "{n} Minute",
    "{n} minutes": "{n} Minuten",
    "{n} second": "{n} Sekunde",
    "{n} seconds": "{n} Sekunden",
    # devices
    "Let a device in": "Ein Gerät anmelden",
    "The code that the device shows": "Der Code, den das Gerät anzeigt",
    "Let this device in?": "Dieses Gerät anmelden?",
    "asked for by": "angefragt von",
    "Answer only when the device is yours and shows this code:": (
        "Antworten Sie nur, wenn es Ihr Gerät ist und es diesen Code anzeigt:"
    ),
    "The device is let in": "Das Gerät ist angemeldet",
    "The device was refused": "Das Gerät wurde abgelehnt",
    "You can go back to it, and close this page.": "Sie können zu ihm zurückgehen und diese Seite schließen.",
    "No device waits with this code. Look at it again; a code is good for ten minutes, and for one answer.": (
        "Mit diesem Code wartet kein Gerät. Prüfen Sie ihn; ein Code gilt zehn Minuten lang und für eine Antwort."
    ),
    "There were too many wrong codes from here. Wait a few minutes, then try again.": (
        "Von hier kamen zu viele falsche Codes. Bitte in einigen Minuten noch einmal versuchen."
    ),
    # account
    "Your account": "Ihr Konto",
    "Applications that you allowed": "Anwendungen, denen Sie Zugriff erlaubt haben",
    "You have allowed no application.": "Sie haben keiner Anwendung Zugriff erlaubt.",
    "Take back": "Widerrufen",
    "allowed on {date}": "erlaubt am {date}",
    "Your sign-ins": "Ihre Anmeldungen",
    "this browser": "dieser Browser",
    "an unknown browser": "ein unbekannter Browser",
    "{name}": "{name}",
    "{name} on {system}": "{name} unter {system}",
    "since {date}": "seit {date}",
    "Sign out": "Abmelden",
    "You are not signed in": "Sie sind nicht angemeldet",
    "Sign in at one of your applications, then come back to this page.": (
        "Melden Sie sich bei einer Ihrer Anwendungen an und kommen Sie dann auf diese Seite zurück."
    ),
    # logout
    "Sign out?": "Abmelden?",
    "The next application that asks who you are will need your password again.": (
        "Die nächste Anwendung, die fragt, wer Sie sind, braucht wieder Ihr Passwort."
    ),
    "You are signed out": "Sie sind abgemeldet",
    "This browser has no session with the provider any more.": "Dieser Browser ist hier nicht mehr angemeldet.",
    "Signing out elsewhere": "Abmeldung bei anderen Anwendungen",
    # the way back to an application
    "One moment": "Einen Moment",
    "You are on your way back to {client_name}.": "Sie gehen zurück zu {client_name}.",
    "Go on": "Weiter",
    # what went wrong
    "This sign-in has expired": "Diese Anmeldung ist nicht mehr offen",
    "It was completed, is more than ten minutes old, or belongs to another browser. "
    "Go back to the application and start again.": (
        "Sie ist abgeschlossen, hat länger als zehn Minuten gewartet oder gehört zu einem anderen Browser. "
        "Gehen Sie zurück zur Anwendung und beginnen Sie von vorn."
    ),
    "Unknown application": "Diese Anwendung ist nicht bekannt",
    "No client is registered with this client_id.": "Unter dieser client_id ist keine Anwendung registriert.",
    "The application was removed while you were signing in.": "Sie wurde entfernt, während Sie sich angemeldet haben.",
    "The request does not name an application": "Welche Anwendung ist das?",
    "The request contains client_id or redirect_uri more than once.": (
        "client_id oder redirect_uri wurde mehrfach gesendet."
    ),
    "The request has no client_id.": "Die Anfrage hat keine client_id.",
    "The request does not name a redirect URI": "Wohin soll diese Anmeldung zurückführen?",
    "The request has no redirect_uri.": "Die Anfrage hat keine redirect_uri.",
    "The redirect URI is not registered": "Diese Rücksprungadresse ist nicht registriert",
    "The redirect_uri must exactly match one of the redirect URIs that are registered for this application.": (
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
    "It was:": "Es war:",
    "This client must send a nonce. Add `nonce`, or register the client with `require_nonce: false`.": (
        "Mit dem scope openid wird eine nonce verlangt."
    ),
    "This form was sent from another site.": "Dieses Formular wurde von einer fremden Seite gesendet.",
    "This form does not belong to this browser; cookies are needed to go on.": (
        "Dieses Formular gehört nicht zu diesem Browser; ohne Cookies geht es nicht weiter."
    ),
    "Answer must be allow or refuse.": "answer muss allow oder refuse sein.",
    "client_id or sid is required.": "Es fehlt client_id oder sid.",
    "The request_uri is unknown, was already used or has expired. Push the request again.": (
        "Diese request_uri ist unbekannt, wurde schon verwendet oder ist abgelaufen."
    ),
    "client_id differs from the id_token_hint's audience.": (
        "Die client_id ist nicht die, für die der id_token_hint ausgestellt wurde."
    ),
    "The id_token_hint is not an ID token.": "Der id_token_hint ist kein id_token.",
    "The id_token_hint is not an ID token of this provider.": "Der id_token_hint ist kein id_token dieses Providers.",
    "id_token_hint is for no client of this provider.": "Der id_token_hint ist für keine Anwendung dieses Providers.",
    "The id_token_hint was not issued by this provider.": (
        "Der id_token_hint wurde nicht von diesem Provider ausgestellt."
    ),
    "The id_token_hint was issued by another provider.": "Der id_token_hint ist von einem anderen Aussteller.",
    "The post_logout_redirect_uri requires an id_token_hint or a client_id.": (
        "Zu post_logout_redirect_uri gehört ein id_token_hint oder eine client_id."
    ),
    "The post_logout_redirect_uri must exactly match one of the client's registered URIs.": (
        "Die post_logout_redirect_uri ist keine der genauen Adressen, die registriert sind."
    ),
    # request objects
    "This client may not use request_uri. Register the URL in its request_uris.": (
        "Diese Anwendung hat keine request_uris registriert."
    ),
    f"The request_uri must not be longer than {REQUEST_URI_LIMIT} characters.": (
        f"Die request_uri ist länger als {REQUEST_URI_LIMIT} Zeichen."
    ),
    "The request_uri must be one of the client's registered request_uris.": "Diese request_uri ist nicht registriert.",
    "The request object at the request_uri could not be fetched.": (
        "Was unter der request_uri steht, ist nicht abrufbar."
    ),
    "The request_uri did not return a request object.": "Unter der request_uri steht kein Request Object.",
    "The parameters request and request_uri cannot be combined.": "request und request_uri schließen einander aus.",
    "This client must sign its authorization requests. Send a signed request object.": (
        "Diese Anwendung muss ihre Anfragen signieren."
    ),
    "This client may not use request objects. Register its keys or its request_object_signing_alg.": (
        "Diese Anwendung ist nicht für Request Objects registriert."
    ),
    "This client may not use unsigned request objects. Sign the request object.": (
        "Diese Anwendung ist nicht für unsignierte Request Objects registriert."
    ),
    "The request object must use the algorithm that the client is registered for.": (
        "Das alg des Request Objects ist nicht das, für das diese Anwendung registriert ist."
    ),
    "The request object has a crit header. Critical extensions are not supported.": (
        "Das Request Object hat eine kritische Erweiterung."
    ),
    "A parameter in the request object is malformed.": "Ein Parameter im Request Object ist nicht lesbar.",
    "A parameter differs inside and outside the request object.": (
        "Ein Parameter ist im Request Object ein anderer als außerhalb."
    ),
    "The request object was issued by another client.": "Das Request Object ist von einer anderen Anwendung.",
    "The request object is a client assertion. Its sub must not be the client_id.": (
        "Das ist eine Client Assertion und kein Request Object."
    ),
    "The request object was issued for another provider. Its aud must contain the issuer.": (
        "Das Request Object ist für einen anderen Provider."
    ),
    "A request object must not contain request or request_uri.": (
        "Ein Request Object in einem Request Object ist nicht erlaubt."
    ),
    "The request object has expired.": "Das Request Object ist abgelaufen.",
    "The request object is not valid yet.": "Das Request Object gilt noch nicht.",
    "A time in the request object is invalid.": "Eine Zeit im Request Object ist keine.",
    "A member of the request object has the wrong type.": "Ein Bestandteil des Request Objects hat den falschen Typ.",
    "The signature of the request object does not match any key of the client.": (
        "Kein Schlüssel der Anwendung passt zum Request Object."
    ),
    "An unsigned request object must not have a signature.": "Ein unsigniertes Request Object hat keine Signatur.",
    "The request object is not a JWT.": "Das Request Object ist kein JWT.",
    # requests that cannot be read
    "The content type must be application/x-www-form-urlencoded.": (
        "Der Inhalt der Anfrage muss application/x-www-form-urlencoded sein."
    ),
    "The parameters must be percent-encoded UTF-8.": ("Die Parameter sind kein gültiges UTF-8 in Prozent-Kodierung."),
    f"The request has more than {COUNT_LIMIT} parameters.": f"Es sind mehr als {COUNT_LIMIT} Parameter.",
    f"A parameter is longer than {PARAMETER_LIMIT} characters.": (
        f"Ein Parameter ist länger als {PARAMETER_LIMIT} Zeichen."
    ),
    "A parameter contains a control character.": "Ein Parameter enthält ein Steuerzeichen.",
    "A request with this response_type must have a nonce. Add `nonce`.": (
        "Eine Anfrage mit diesem response_type braucht eine nonce."
    ),
    "Duplicate parameter.": "Doppelter Parameter.",
    "This request cannot be read": "Diese Anfrage ist nicht lesbar",
    "It is not what a browser sends for a page.": "So fragt kein Browser nach einer Seite.",
    "There is no such page": "Diese Seite gibt es nicht",
    "Look at the address again.": "Prüfen Sie die Adresse.",
    "This page does not work that way": "So funktioniert diese Seite nicht",
    "Go back to where you came from and start again.": (
        "Gehen Sie dorthin zurück, woher Sie gekommen sind, und beginnen Sie von vorn."
    ),
    "This request came too slowly": "Diese Anfrage kam zu langsam",
    "Try again.": "Versuchen Sie es noch einmal.",
    "This request is too large": "Diese Anfrage ist zu groß",
    "No page here needs so much.": "Keine Seite hier braucht so viel.",
}
