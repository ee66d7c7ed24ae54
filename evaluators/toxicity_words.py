"""Words of insult, threat and obscenity, as patterns over lower-case text.

``ABUSE`` is aimed at a person or a group, ``OBSCENE`` is only coarse. The lists are short on purpose: every word that has
an innocent use costs more in false alarms than it finds.
"""

from __future__ import annotations

import re
from typing import Final

_YOU: Final = (
    r"(?:you|u|ur|you're|your|he|she|they|him|her|them|this|that|fucking|bloody|damn|dumb|stupid|such an?|an?)"
)
ABUSE: Final = re.compile(
    r"\b(?:(?:fuck|screw|damn) (?:you|u|off|him|her|them|ya)|go (?:to hell|die|kill yourself|fuck yourself|hang yourself)|kill your ?self|kys\b|drop dead|shut (?:the fuck |the hell )?up\b|stfu|piss off"
    r"|i(?:'ll| will| am going to|'m going to|'m gonna) (?:kill|hurt|find|beat|destroy|rape|stab|shoot) (?:you|him|her|them|u)\b|i hope you (?:die|rot|suffer|burn)"
    rf"|{_YOU} (?:\w+ )?(?:idiots?|morons?|imbeciles?|cretins?|retard(?:s|ed)?|dumb ?ass(?:es)?|assholes?|arseholes?|bastards?|bitch(?:es)?|cunts?|scum(?:bags?)?|twats?|wankers?|pricks?|dick ?heads?|losers?|pigs|vermin|whores?|sluts?|trash|garbage|piece of (?:shit|crap|trash))\b"
    r"|(?:worthless|pathetic|disgusting|useless|stupid|brainless) (?:piece of|little|excuse for|human|people|creature|idiot|bot\b|machine\b)"
    r"|n[i1]gg(?:er|a)s?|f[a4]gg?[o0]ts?|k[i1]kes?|sp[i1]cs?|ch[i1]nks?|tr[a4]nn(?:y|ies)|sub-?humans?|go back to (?:your|where you) (?:country|came)"
    r"|all (?:\w+ )?(?:women|men|jews|muslims|christians|blacks|whites|asians|gays|immigrants|refugees) (?:are|should|must) (?:\w+ )?(?:stupid|evil|die|dirty|inferior|animals|vermin|criminals|terrorists|killed|disgusting)"
    r"|(?:du|ihr|sie) (?:\w+ )?(?:arschl[oö]ch\w*|wichser|hurensohn|idioten?|schlampe|missgeburt|fotze)|halt die (?:fresse|klappe)|verpiss dich"
    r"|(?:ferme ta gueule|va te faire|connard|connasse|salope|encul[eé]|sale (?:con|pute)|fils de pute|espèce d'idiot)|(?:hijo de puta|vete a la mierda|cabr[oó]n|gilipollas|pendejo|maric[oó]n|puta madre|imb[eé]cil)"
    r"|(?:vaffanculo|stronz[oa]|figlio di puttana|testa di cazzo)|(?:filho da puta|vai se foder|vai tomar no cu|desgraçado)|(?:kurwa|spierdalaj|skurwysyn)|(?:сука|пошел на ?хуй|мудак|ублюдок|пидор|иди на хуй)|(?:傻逼|操你妈|去死|他妈的|滚蛋)|(?:死ね|くたばれ|クソ野郎)|(?:씨발|병신|개새끼|꺼져))"
    r"(?!\w)"
)
OBSCENE: Final = re.compile(
    r"\b(?:mother)?f(?:u|\*|@)(?:c|\*)k(?:ing|ed|er|ers|s|in)?\b|\bf\*{2,3}\b|\b(?:bull|horse)?sh(?:i|1|\*)t(?:ty|s|e)?\b|\bwtf\b|\bassholes?\b|\bbitch(?:es|y)?\b|\bbastards?\b|\bcunts?\b|\bcock ?suckers?\b|\bjerk ?off\b"
    r"|\bblow ?jobs?\b|\bscheiß?e?\b|\bscheisse\b|\bverdammte?r? mist\b|\bputain de merde\b|\bmierda\b|\bcazzo\b|\bcaralho\b|\bblyat\b|блядь|блять|\bхуй\w*"
)
NEEDLES: Final = tuple(
    re.findall(
        r"[^|]+",
        "fuck|f*|f@|fu*|screw|damn|go to hell|go die|yourself|kill |kill your|kys|drop dead|shut up|shut the|stfu|piss off|hurt |beat "
        "|destroy |rape |stab |shoot |find you|find him|find her|find them|find u|hope you|idiot|moron|imbecil|cretin|retard|dumb|asshole"
        "|arsehole|bastard|bitch|cunt|scum|twat|wanker|prick|dick|loser|pigs|vermin|whore|slut|trash|garbage|piece of|worthless|pathetic"
        "|disgusting|useless|stupid|brainless|nigg|n1gg|fago|f4go|fag0|f4g0|faggo|f4ggo|fagg0|f4gg0|kike|k1ke|spic|sp1c|chink|ch1nk|trann"
        "|tr4nn|subhuman|sub-human|go back to|men are|men should|men must|jews|muslims|christians|blacks|whites|asians|gays|immigrants"
        "|refugees|arschl|wichser|hurensohn|schlampe|missgeburt|fotze|halt die|verpiss|gueule|va te faire|connard|connasse|salope|encul"
        "|sale con|sale pute|de pute|de puta|da puta|puta madre|puttana|mierda|cabron|gilipollas|pendejo|maricon|vaffanculo|stronz|cazzo"
        "|vai se foder|vai tomar|desgra|kurwa|spierdalaj|skurwysyn|shit|sh1t|sh*t|wtf|cocksuck|cock suck|jerkoff|jerk off|blowjob"
        "|blow job|schei|verdammt|putain|caralho|blyat",
    )
)
"""One of them stands in every text of ASCII characters alone that ``ABUSE`` or ``OBSCENE`` matches."""
