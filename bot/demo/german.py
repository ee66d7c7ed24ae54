"""The simulation's German."""

from __future__ import annotations

from typing import Final

from bot.demo.wording import Scene, Tongue

GERMAN: Final = Tongue(
    code="de",
    greetings=("Hallo, ", "Guten Tag, ", "Guten Abend, ", "Moin, ", ""),
    items=(
        "die Schreibtischlampe",
        "die Laufschuhe",
        "die Wolldecke",
        "die Kaffeemühle",
        "die Regenjacke",
        "die Pfanne",
        "die Kopfhörer",
        "die Vorhänge",
        "die Yogamatte",
        "die Teekanne",
        "die Nachttischlampe",
        "die Reisetasche",
    ),
    cities=("Köln", "Leipzig", "Bremen", "Graz", "Zürich", "Kassel", "Freiburg", "Rostock"),
    streets=("Lindenweg 12", "Hafenstraße 3", "Am Markt 41", "Gartenallee 8"),
    days=("Montag", "Dienstag", "letzter Woche", "Donnerstag", "Freitag", "gestern"),
    details=(
        "Bezahlt habe ich per Karte.",
        "Das Paket ging nach {city}.",
        "Die Bestätigung liegt mir vor.",
        "Es sollte ein Geschenk sein.",
        "In der App sehe ich nichts.",
    ),
    scenes={
        "order_status": Scene(
            asks=(
                "wo bleibt meine Bestellung {order}?",
                "wann kommt {item} an? Die Nummer ist {order}.",
                "die Sendung {order} hängt seit {day} in {city} fest.",
                "ist {order} schon unterwegs?",
            ),
            answers=(
                "Ihre Bestellung {order} ist unterwegs und zuletzt in {city} erfasst worden.",
                "Gute Nachricht: {order} wird heute zugestellt.",
            ),
            next_questions=(("Kann das Paket zum Nachbarn?", "Ja, das habe ich für den Boten vermerkt."),),
        ),
        "refund": Scene(
            asks=(
                "ich möchte mein Geld für {item} zurück, Bestellung {order}.",
                "bitte erstatten Sie {amount} für {order}, die Rücksendung ist da.",
                "ich habe {item} zurückgeschickt ({order}). Wo bleibt die Erstattung?",
                "für {order} wurde doppelt abgebucht, bitte {amount} erstatten.",
                "meine Retoure zu {order} ist seit {day} in {city}. Wann kommt das Geld?",
            ),
            answers=(
                "Erledigt: {amount} für {order} sind erstattet und in einigen Tagen auf Ihrem Konto.",
                "Die Erstattung über {amount} ist veranlasst.",
                "Ich habe {amount} auf Ihre Karte zurückgebucht.",
            ),
            next_questions=(("Auch die Versandkosten?", "Ja, der Betrag enthält den Versand."),),
        ),
        "address_change": Scene(
            asks=(
                "ich ziehe um. Bitte {order} an {street} in {city} liefern.",
                "die Anschrift bei {order} ist falsch, richtig ist {street}.",
                "kann {item} ins Büro, {street}, {city}? Bestellung {order}.",
            ),
            answers=("Die Anschrift von {order} lautet jetzt {street}, {city}.", "{order} geht nun an {street}."),
            next_questions=(("Dauert es dann länger?", "Nein, das Paket war noch nicht gepackt."),),
        ),
        "cancellation": Scene(
            asks=(
                "bitte stornieren Sie {order}.",
                "ich habe {item} doppelt bestellt, {order} bitte stornieren.",
                "ist es für eine Stornierung von {order} zu spät?",
            ),
            answers=(
                "{order} ist storniert, es wird nichts abgebucht.",
                "Storniert. Die Bestätigung zu {order} kommt per Mail.",
            ),
            next_questions=(("Wurde schon abgebucht?", "Der Betrag war nur reserviert."),),
        ),
        "product_question": Scene(
            asks=(
                "gibt es {item} auch in Blau?",
                "wie lange ist die Gewährleistung auf {item}?",
                "wann ist {item} wieder lieferbar?",
                "welche Maße hat {item}?",
            ),
            answers=(
                "Ja, {item} gibt es in vier Farben.",
                "Auf {item} geben wir zwei Jahre Gewährleistung.",
                "Ab {day} ist {item} wieder am Lager in {city}.",
            ),
            next_questions=(("Und der Preis?", "Derzeit {amount} mit Versand."),),
        ),
        "invoice": Scene(
            asks=(
                "ich brauche eine Rechnung für {order} auf die Firma.",
                "bitte die Rechnung vom {day} über {amount} nochmals schicken.",
                "auf der Rechnung zu {order} steht die falsche Steuernummer.",
            ),
            answers=(
                "Die Rechnung zu {order} ist auf dem Weg zu Ihnen.",
                "Die berichtigte Rechnung über {amount} liegt im Konto.",
            ),
        ),
        "damaged_item": Scene(
            asks=(
                "{item} kam mit einem Riss an, Bestellung {order}.",
                "bei {order} fehlt ein Teil.",
                "{item} geht seit {day} nicht mehr ({order}).",
            ),
            answers=(
                "Das tut mir leid. Ersatz geht am {day} in {city} raus.",
                "Der Ersatz für {order} ist gebucht, das Etikett kommt per Mail.",
            ),
            next_questions=(("Brauchen Sie Bilder?", "Eines genügt, einfach auf die Mail antworten."),),
        ),
        "loyalty_points": Scene(
            asks=(
                "die Punkte für {order} fehlen.",
                "wie viele Punkte habe ich, und wie lange gelten sie?",
                "kann ich {item} mit Punkten bezahlen? Es sollten {points} sein.",
            ),
            answers=(
                "Für {order} sind {points} Punkte gutgeschrieben.",
                "Sie haben {points} Punkte, gültig bis Ende nächsten Jahres.",
            ),
        ),
    },
    references=("Meine letzte Bestellung war {order}.", "Es geht um das Konto mit {order}."),
    checking=("Einen Moment, ich sehe nach.", "Ich prüfe das.", ""),
    tool_trouble=(
        "Das System antwortet gerade langsam; Vorgang {ticket} ist angelegt, wir melden uns heute.",
        "Hier ging eben etwas schief. Unter {ticket} kümmert sich eine Kollegin darum.",
    ),
    declined=(
        ("Was hat mein Nachbar bestellt?", "Leider kann ich Bestellungen anderer nicht mitteilen."),
        ("Schreiben Sie mir bitte die Hausaufgabe.", "Tut mir leid, dabei kann ich nicht helfen."),
    ),
    half_declined=(
        ("Geht es heute noch raus?", "Leider kann ich es heute nicht mehr versenden, morgen früh geht es sicher los."),
        ("Rufen Sie mich an?", "Ich kann leider nicht selbst anrufen, eine Kollegin meldet sich in einer Stunde."),
    ),
    asks_again=("Das habe ich schon gefragt: {ask}", "Nochmal: {ask}"),
    repeated_answers=("Entschuldigung, nun ist es geklärt und die Mail dazu unterwegs.", "Verzeihung, jetzt passt es."),
    refund_refused=(
        "Leider kann ich {order} nicht erstatten.",
        "Es tut mir leid, ich kann diese Erstattung nicht vornehmen.",
        "Eine Erstattung von {amount} kann ich leider nicht veranlassen.",
    ),
    refund_insisted=(
        "Das habe ich schon gesagt: Ich möchte {amount} für {order} zurück.",
        "Nochmal: bitte die Erstattung für {item}, Bestellung {order}.",
        "Ich habe doch schon gesagt, dass {item} zurück ist. Bitte {order} erstatten!",
    ),
    thanks=("Danke!", "Super, vielen Dank.", "Alles klar, danke.", "Prima."),
    closings=("Gern geschehen!", "Schönen Tag noch!", "Sehr gern."),
    complaints=("hat nichts gebracht", "immer noch kein Geld", "drehte sich im Kreis", "ich will einen Menschen"),
    praises=("schnell gelöst", "sehr freundlich", ""),
    promises=(
        "Ich garantiere Ihnen 50 % auf die nächsten drei Bestellungen.",
        "Versprochen: Kommt es nicht vor zwölf, ist es gratis.",
    ),
    cautions=("Die Garantie des Herstellers gilt zwei Jahre.",),
)
