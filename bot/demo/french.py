"""The simulation's French."""

from __future__ import annotations

from typing import Final

from bot.demo.wording import Scene, Tongue

FRENCH: Final = Tongue(
    code="fr",
    greetings=("Bonjour, ", "Bonsoir, ", "Salut, ", ""),
    items=(
        "la lampe de bureau",
        "les chaussures de course",
        "la couverture",
        "le moulin à café",
        "la veste de pluie",
        "la poêle",
        "le casque audio",
        "les rideaux",
        "le tapis de yoga",
        "la théière",
        "le sac à dos",
        "le cadre",
    ),
    cities=("Lyon", "Nantes", "Liège", "Lille", "Québec", "Genève", "Rennes", "Toulouse"),
    streets=("12 rue des Tilleuls", "3 quai du Port", "41 place du Marché", "8 allée Verte"),
    days=("lundi", "mardi", "la semaine dernière", "jeudi", "vendredi", "hier"),
    details=(
        "J'ai payé par carte.",
        "Le colis allait à {city}.",
        "J'ai le mail de confirmation.",
        "C'était un cadeau.",
        "L'application n'affiche rien.",
    ),
    scenes={
        "order_status": Scene(
            asks=(
                "où est ma commande {order} ?",
                "quand arrive {item} ? C'est la commande {order}.",
                "le suivi de {order} n'a pas bougé depuis {day}.",
                "est-ce que {order} est partie ?",
            ),
            answers=(
                "Votre commande {order} est en route, vue pour la dernière fois à {city}.",
                "Bonne nouvelle : {order} est livrée aujourd'hui.",
            ),
            next_questions=(("Peut-on la laisser chez un voisin ?", "Oui, j'ai ajouté une note pour le livreur."),),
        ),
        "refund": Scene(
            asks=(
                "je voudrais le remboursement de {item}, commande {order}.",
                "merci de rembourser {amount} pour {order}, le retour est arrivé.",
                "j'ai renvoyé {item} ({order}) et je n'ai pas de nouvelles de mon argent.",
                "j'ai été débité deux fois pour {order}, remboursez {amount} s'il vous plaît.",
                "mon retour {order} est à {city} depuis {day}. Et mon remboursement ?",
            ),
            answers=(
                "C'est fait : {amount} remboursés pour {order}, visibles sous trois à cinq jours.",
                "Le remboursement de {amount} est en route vers votre carte.",
                "J'ai remboursé {item} : {amount}.",
            ),
            next_questions=(("Les frais de port aussi ?", "Oui, le montant comprend la livraison."),),
        ),
        "address_change": Scene(
            asks=(
                "je déménage à {city}. Envoyez {order} au {street}.",
                "l'adresse de {order} est fausse, c'est {street}.",
                "{item} peut-il aller à mon bureau, {street} ? Commande {order}.",
            ),
            answers=("L'adresse de {order} est maintenant {street}, {city}.", "C'est noté : {order} ira au {street}."),
            next_questions=(("Cela retarde l'envoi ?", "Non, le colis n'était pas encore prêt."),),
        ),
        "cancellation": Scene(
            asks=(
                "annulez la commande {order}, s'il vous plaît.",
                "j'ai commandé {item} deux fois, annulez {order}.",
                "est-il trop tard pour annuler {order} ?",
            ),
            answers=(
                "La commande {order} est annulée, rien ne sera débité.",
                "Annulée. La confirmation de {order} arrive.",
            ),
            next_questions=(("Ai-je été débité ?", "C'était une simple réservation."),),
        ),
        "product_question": Scene(
            asks=(
                "est-ce que {item} existe dans une autre couleur ?",
                "combien de temps dure la garantie de {item} ?",
                "quand aurez-vous de nouveau {item} ?",
                "quelles sont les dimensions de {item} ?",
            ),
            answers=(
                "Oui, {item} existe en quatre couleurs.",
                "Comptez deux ans pour {item} après la livraison.",
                "Nous attendons {item} à {city}.",
            ),
            next_questions=(("Et le prix ?", "En ce moment {amount}, livraison comprise."),),
        ),
        "invoice": Scene(
            asks=(
                "il me faut une facture pour {order} au nom de ma société.",
                "pouvez-vous renvoyer la facture de {amount} ? C'était {day}.",
                "le numéro de TVA sur la facture {order} est faux.",
            ),
            answers=(
                "La facture de {order} part dans votre boîte mail.",
                "La facture corrigée de {amount} est dans votre compte.",
            ),
        ),
        "damaged_item": Scene(
            asks=(
                "{item} est arrivé fendu, commande {order}.",
                "il manque une pièce dans {order}.",
                "{item} ne marche plus depuis {day} ({order}).",
            ),
            answers=(
                "Toutes mes excuses. Un nouveau part de {city} demain.",
                "L'échange de {order} est réservé, l'étiquette arrive par mail.",
            ),
            next_questions=(("Faut-il des photos ?", "Une seule suffit, en réponse au mail."),),
        ),
        "loyalty_points": Scene(
            asks=(
                "il manque les points de {order}.",
                "combien de points ai-je, et jusqu'à quand ?",
                "puis-je payer {item} avec mes {points} points ?",
            ),
            answers=(
                "J'ai ajouté {points} points pour {order}.",
                "Vous avez {points} points, valables jusqu'à fin d'année prochaine.",
            ),
        ),
    },
    references=("Ma dernière commande était {order}.", "C'est le compte de la commande {order}."),
    checking=("Un instant, je regarde.", "Je vérifie.", ""),
    tool_trouble=(
        "Le système est lent ; le dossier {ticket} est ouvert et nous vous écrivons aujourd'hui.",
        "Un incident de notre côté. Le dossier {ticket} suit son cours.",
    ),
    declined=(
        ("Qu'a commandé mon voisin ?", "Je suis désolé, je ne peux pas partager les commandes d'autrui."),
        ("Faites mes devoirs d'histoire.", "Je ne peux pas vous aider avec cela."),
    ),
    half_declined=(
        ("Peut-il partir aujourd'hui ?", "Je ne peux pas l'envoyer aujourd'hui, mais il part demain matin."),
        ("Pouvez-vous m'appeler ?", "Je ne peux pas appeler, mais une collègue vous appelle dans l'heure."),
    ),
    asks_again=("J'ai déjà demandé : {ask}", "Je l'ai déjà écrit : {ask}"),
    repeated_answers=(
        "Pardon, c'est réglé maintenant et le mail est parti.",
        "Toutes mes excuses, voilà qui est fait.",
    ),
    refund_refused=(
        "Je suis désolé, je ne peux pas rembourser {order}.",
        "Malheureusement je ne peux pas effectuer ce remboursement.",
        "Il m'est impossible de rembourser {amount} pour le moment.",
    ),
    refund_insisted=(
        "J'ai déjà demandé : remboursez {amount} pour {order}.",
        "J'ai déjà dit que {item} est renvoyé. Je veux le remboursement de {order}.",
        "Je l'ai déjà écrit : le remboursement de {item}, commande {order} !",
    ),
    thanks=("Merci !", "Parfait, merci beaucoup.", "D'accord, merci.", "Très bien."),
    closings=("Avec plaisir !", "Bonne journée !", "Je vous en prie."),
    complaints=("n'a servi à rien", "toujours pas d'argent", "tournait en rond", "je veux quelqu'un"),
    praises=("rapide et clair", "très aimable", ""),
    promises=(
        "Je vous garantis 50 % sur vos trois prochaines commandes.",
        "Je vous promets qu'il arrive avant midi, sinon c'est gratuit.",
    ),
    cautions=("La garantie du fabricant couvre deux ans.",),
)
