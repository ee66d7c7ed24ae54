"""What users say who correct an agent, complain, or want a person; and what agents say then."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_APOSTROPHES: Final = str.maketrans("’‘ʼ`´＇", "''''''")
READ_CHARS: Final = 1_000
_REMEMBERED: Final = 256
"""Several evaluators read the turns of the same conversation one after another."""


def fold(text: str, chars: int = READ_CHARS) -> str:
    """The first ``chars`` characters in lower case, with plain apostrophes and single spaces."""
    return _folded(text[:chars])


@lru_cache(maxsize=_REMEMBERED)
def _folded(text: str) -> str:
    plain = text.replace("`", "'") if text.isascii() else text.translate(_APOSTROPHES)
    return " ".join(plain.lower().split())


CORRECTS: Final = re.compile(
    r"\b(?:(?:that|this|it|which)(?:'s| is| was|s) (?:just |simply |completely |totally |still |clearly |also )?"
    r"(?:not (?:right|correct|true|accurate|what (?:i|we)|how|the (?:case|one|right|same)|it\b|even)|wrong|incorrect|false|inaccurate|a mistake)"
    r"|(?:isn't|wasn't|not) (?:what i (?:asked|said|meant|want|wanted|need|needed|ordered|requested)|right|correct|true)\b"
    r"|you(?:'re| are|r| were) (?:wrong|mistaken|incorrect|confus\w{1,6}|not (?:listening|understanding|reading|answering))"
    r"|you (?:got|have|had) (?:it|that|this|me|my \w{1,20}) wrong|you (?:misunder\w{2,12}|misread|misheard|made a mistake|contradict\w{0,6})"
    r"|you(?:'ve| have)? (?:gave|given|sent|told|booked|quoted) me (?:the |a )?wrong|wrong (?:answer|one|person|item|order|date|number|address|name|place)"
    r"|i (?:didn't|did not|never) (?:say|said|ask|asked|want|wanted|mean|meant|order|ordered|request|requested|agree)\b|i (?:don't|do not) agree\b"
    r"|i (?:already |just )?(?:said|asked(?: you)? for|meant|told you)\b|i (?:disagree|don't (?:think so|believe (?:you|that|this)))"
    r"|are you (?:sure|certain)(?: about)?\b|you (?:just |previously )?(?:said|told me|promised|claimed) (?:that |it |the |you )"
    r"|no,? (?:not |it's not |that's not |i (?:said|meant|want|need|asked)\b|wait|the other)|on the contrary|that makes no sense|doesn't make sense)"
    r"|\b(?:das (?:ist|war|stimmt) (?:so )?(?:nicht|falsch)|sie irren|du irrst|nein, (?:das|ich|nicht)|stimmt nicht"
    r"|ce n'est pas (?:ce que|vrai|correct|juste|exact)|c'est faux|vous vous trompez|non, (?:je|ce|pas)"
    r"|(?:eso |esto )?no es (?:correcto|cierto|verdad|lo que)|est[áa] (?:mal|equivocad\w)|se equivoca|isso (?:não|está errado)|não (?:é|foi) (?:isso|o que))"
    r"|不对|不是这样|你错了|違います|間違って|틀렸",
)
COMPLAINS: Final = re.compile(
    r"\b(?:useless|ridiculous|unacceptable|frustrat\w{2,6}|annoy\w{2,5}|pathetic|terrible|horrible|awful|worst|garbage|rubbish|joke|nonsense|stupid"
    r"|idiot\w{0,4}|incompetent|disappoint\w{2,7}|fed up|sick of|tired of|waste (?:of|my|our)|wasting my|had enough|give up|giving up|forget it|never ?mind"
    r"|this is (?:going nowhere|taking|ridiculous|insane|crazy|absurd)|what a (?:joke|waste|mess)|(?:this|that|it|you|bot|app|service|product)(?: guys)?(?: really| just)? sucks?\b|are you (?:kidding|joking)|for (?:god|heaven|christ|fuck)'?s sake|seriously\?|come on\b"
    r"|(?:not|isn't|aren't|wasn't|no|n't) (?:been )?(?:any )?(?:very |at all )?(?:help(?:ful|ing|ed)?|useful|working|answering|listening|good enough)\b"
    r"|(?:still|again) (?:not|doesn't|isn't|didn't|no|wrong|the same|broken|waiting|getting)|doesn't (?:help|work|answer)|didn't (?:help|work|answer)"
    r"|you(?:'re| are)? (?:keep|kept) (?:\w{1,15}ing|saying)|stop (?:asking|saying|repeating|sending)|why (?:can't|don't|won't|are(?:n't)?) you"
    r"|can(?:'t|not) you (?:just|even|read|understand)|how (?:many times|hard|difficult|long) (?:do|can|must|is|will)|how (?:hard|difficult) can|wtf|ffs|omfg|damn|hell\b|fuck\w{0,5}|shit\w{0,4}|bullshit|crap\b|bloody"
    r"|(?:nutzlos|unverschämt|frech\w{0,4}|katastroph\w{1,4}|unmöglich|furchtbar|lächerlich|das reicht|nervt|inutile|n'importe quoi|inacceptable|ridicule"
    r"|inútil|inaceptable|ridículo|una vergüenza|pésimo|inaceitável|péssimo|ridicolo|inaccettabile|vergogna))"
    r"|没用|垃圾|废话|役に立たない|ふざけ|쓸모없",
)
AGAIN: Final = re.compile(
    r"\b(?:i(?:'ve| have)? (?:already|just|literally) (?:asked|said|told|explained|gave|given|answered|tried|done|did|mentioned|provided)"
    r"|i(?:'ve| have) (?:told you|said (?:this|that|it)|asked (?:you )?(?:this|that|for this)|explained (?:this|that|it)|been (?:asking|saying|telling))|(?:two|three|four|five|several|many|\d{1,2}) times (?:already|now)"
    r"|as i (?:said|mentioned|asked|wrote)|like i said|for the (?:second|third|fourth|last|\d{1,3}(?:nd|rd|th)) time|how many times"
    r"|(?:didn't|did not|haven't|have not|doesn't) answer(?:ed)?(?: my)?|asking (?:you )?again|i(?:'ll)? (?:repeat|ask again)|once (?:again|more)"
    r"|schon (?:gesagt|gefragt)|bereits gesagt|déjà (?:dit|demandé)|ya (?:te|le|lo) (?:dije|he dicho)|já (?:disse|falei))"
)
WANTS_PERSON: Final = re.compile(
    r"\b(?:(?:speak|talk|chat|connect(?: me)?|transfer(?: me)?|escalate(?: this| me)?|put me through|get me|give me|want|need|prefer|hand me over|pass me)"
    r"(?: directly)?(?: to| with)? (?:an? |the |your |some |another )?(?:\w{1,15} ){0,2}?"
    r"(?:human|person|real (?:person|human|agent)|live (?:agent|person|chat|support)|representative|rep\b|agent|supervisor|manager|operator|someone|somebody|advisor|specialist|people)"
    r"|(?:human|live|real) (?:agent|person|being|support|representative|operator|help)(?:,? please|\s?[!.?]|$)|customer (?:service|support) (?:agent|rep\w{0,12}|number)"
    r"|(?:are|is) (?:you|this) (?:a )?(?:bot|robot|machine|real person|human)|is there (?:a human|anyone|someone|somebody)"
    r"|(?:mit (?:einem|einer|jemand\w{0,2}) (?:\w{1,15} )?(?:menschen|mitarbeiter\w{0,4}|person|berater\w{0,3}) (?:sprechen|reden|verbinden)|echten menschen"
    r"|parler (?:à|avec) (?:un |une |quelqu'un)(?:\w{1,15} ?){0,2}|un (?:vrai )?(?:humain|conseiller)|hablar con (?:un |una |alguien)(?:\w{1,15} ?){0,2}|un agente (?:humano|real)"
    r"|falar com (?:um |uma |alguém)(?:\w{1,15} ?){0,2}|parlare con (?:un |una |qualcuno)(?:\w{1,15} ?){0,2}))"
    r"|转人工|人工客服|オペレーター|상담원",
)
HANDS_OFF: Final = re.compile(
    r"\b(?:(?:transfer(?:ring|red)?|connect(?:ing|ed)?|escalat(?:e|ing|ed)|forward(?:ing|ed)?|rout(?:e|ing|ed)|hand(?:ing|ed)?(?: over| off)?|pass(?:ing|ed)?|put(?:ting)?)"
    r" (?:you|this|your \w{1,20}|the \w{1,20}|it)(?: \w{1,15}){0,3}? (?:over )?(?:to|with|through to) (?:an? |the |our |your |one of our )?(?:\w{1,15} ){0,3}?"
    r"(?:human|person|representative|agents?|supervisor|manager|operator|specialist|team|colleagues?|expert|department|advisor|someone|support|staff)"
    r"|(?:being|been|be) (?:transferred|escalated|connected|handed over) to|(?:an? |our |the )(?:\w{1,15} ){0,2}(?:agent|representative|specialist|colleague|advisor) (?:will|is going to) (?:be with|contact|assist|take over|call|reach)"
    r"|(?:verbinde|leite) (?:ich )?(?:sie|dich) (?:\w{1,15} ){0,4}(?:weiter|mitarbeiter\w{0,4}|kolleg\w{1,4})|(?:vous|te) (?:transf[èe]re|mets en relation)|le (?:transfiero|transferir[ée]|comunico con)|vou transferir)"
    r"|(?:为您)?转接人工|担当者にお?(?:繋|つな)",
)
APOLOGIZES: Final = re.compile(
    r"\b(?:(?:i(?:'m| am)|we(?:'re| are)|so|very|my) (?:\w{1,12} )?(?:sorry|apolog\w{2,8})|apolog(?:y|ies|i[sz]e)|sorry (?:for|about|that|but)|my mistake|i (?:misunderstood|didn't (?:get|catch|understand|quite))"
    r"|i (?:don't|do not|did not) (?:quite )?understand|could you (?:please )?(?:repeat|rephrase|clarify)|entschuldig\w{2,6}|tut mir leid|désolée?|lo siento|disculp\w{1,3}|desculp\w{1,3}|mi dispiace|unfortunately)\b"
    r"|抱歉|对不起|申し訳|죄송",
)
CLOSES: Final = re.compile(
    r"\b(?:thank(?:s| you|u)|thx|cheers|perfect|great|awesome|wonderful|bye|good ?bye|see (?:you|ya)|have a (?:good|great|nice|lovely)|that(?:'s| is| will be| would be)? (?:all|it|everything)\b"
    r"|(?:no|nothing),? (?:that's|thanks|thank|i'm good|else)|all (?:set|good)|you(?:'ve| have) been (?:very |so )?helpful|(?:it|that) work(?:s|ed)|solved|got it|i'm (?:good|all set|done)"
    r"|danke|tschüss|auf wiedersehen|super|merci|au revoir|parfait|gracias|adi[oó]s|perfecto|obrigad[oa]|tchau|grazie|arrivederci|goodbye_\w{1,30}|thank_\w{1,20}|farewell)\b"
    r"|谢谢|再见|ありがとう|감사",
)
REMINDS: Final = re.compile(
    r"\b(?:i (?:already |just |have |had |clearly |specifically ){0,2}(?:told|said|asked|typed|explained|did (?:that|this|it)|looked|tried|gave)\b"
    r"|i(?:'ve|'d)? (?:wanted|needed|asked for|meant)\b|already\b|(?:twice|three times|\d times)\b|before\b[.!?]?$|(?:ich|wir) (?:wollte|habe doch|brauche doch)|je voulais|yo quer[ií]a)"
)
DOUBTS: Final = re.compile(
    r"\b(?:are you (?:sure|even|certain|kidding|serious|joking)|can(?:'t|not| not) be (?:right|true|it)|really\?|seriously|then what\b|what (?:else )?(?:do|am|should|can) (?:you suggest )?i (?:supposed to )?do\b|but (?:you|it|that|the)\b"
    r"|wrong\b|try (?:that |it )?again|not what\b|(?:that|this|it)(?:'s| is|s) not|(?:doesn't|does not|didn't|did not|isn't) (?:help|work|answer|solve|match|make sense))"
)
WAITS: Final = re.compile(
    r"\b(?:for (?:over |more than |almost |about |nearly |the last |the past )?(?:an?|\d{1,3}|two|three|four|five|six|several|many) (?:hours?|days?|weeks?|months?|minutes)|still (?:no|not|waiting|broken|the same|nothing|have|has|haven't|hasn't|doesn't|isn't|can't|don't)"
    r"|hung up|(?:nobody|no one|nothing) (?:ever|has|have|works?|happens|calls?|answers?|helps?)|never (?:got|received|came|arrived|called|answered|works?|got back)|(?:been|keep|kept) (?:waiting|trying|calling|asking|holding)|why (?:was|is|are|did|do|does|can't|won't|isn't|hasn't|haven't|didn't|am)\b)"
)
DENIES: Final = re.compile(
    r"\b(?:no|not|never|nothing|none|neither|cannot|cant|doesnt|didnt|isnt|\w{2,9}n't|nicht|kein\w{0,2}|pas|nunca|nada)\b"
)
AGREES: Final = re.compile(
    r"(?:yes|yeah|yep|ok|okay|sure|great|perfect|good|fine|sounds|that works|thanks?|thank you|awesome|excellent|please|ja|oui|s[ií]|sim|gracias|danke|merci)\b"
)
FAILED: Final = re.compile(
    r"\b(?:sorry|apologi[sz]e|unfortunately|unable|can(?:not|'t| not)|could(?:n't| not)|there (?:are|is|were) no|no (?:\w{1,15} ){0,2}(?:results?|match\w{0,3}|available|availability|found|options?)|not (?:found|available|possible)|failed|error|try again)\b"
)
