"""Roles without rules, and pressure: threats, rewards, false rights, the grandmother who is missed. Signs as in ``injection_patterns``."""

from __future__ import annotations

from typing import Final

from evaluators.injection_patterns import sign

PERSONA: Final = (
    sign(
        "persona",
        0.5,
        "rule|law|legal|ethic|moral|guideline|polic|consequence|feelings|restriction|norms",
        r"\b(?:does|do|will|would|can|is|are|should|must)(?: not|n't|nt| no longer| never) (?:have to |need to |ever )?(?:care|obey|follow|adhere|comply|abide|conform|worry|consider|mind|respect|bound)\b[^.?!]{0,40}\b(?:rules?|laws?|legal\w*|ethic\w*|moral\w*|guidelines?|polic(?:y|ies)|consequences?|feelings|restrictions?|norms)\b",
    ),
    sign(
        "persona",
        0.4,
        "rules|limits|boundar|filter|moral|ethic|censor|restrict|limitation|law|disclaimer|conscience|scruple",
        r"\b(?:has|have|with|having|knows?|without|free of|of|lacks?|there (?:are|is))(?: absolutely| any| no| zero){0,2} (?:rules|limits|boundaries|filters?|morals?(?:ity)?|ethics|censorship|restrictions|limitations|laws?|conscience|scruples|disclaimers)(?: (?:whatsoever|at all))?(?:,| or| and)? (?:(?:rules|limits|boundaries|filters?|morals?(?:ity)?|ethics|ethical|censorship|restrictions|limitations|laws?|conscience|scruples|disclaimers|warnings)\b|(?:and|who|that|which) (?:must|always|will|answers?|obeys?|does|can|says?)\b)"
        r"|\b(?:an?|the) (?:\w+ )?(?:ai|bot|model|assistant|oracle|machine|character|person|being|hacker|expert|writer|gpt)\b[^.?!]{0,40} (?:with no|without(?: any)?|that has no|who has no|has no|free of) (?:\w+ )?(?:rules|limits|boundaries|filters?|morals?(?:ity)?|ethics|censorship|restrictions|limitations|conscience|scruples)\b",
    ),
    sign(
        "persona",
        0.45,
        "anything|everything|whatever|any|every|all|always|never",
        r"\b(?:always|must|will|shall|has to|have to)(?: \w+)? (?:answers?|comply|complies|obeys?|fulfil\w*|grants?|respond|say|generate|agree)(?: to| with)? (?:any|every|all|anything|everything|whatever)\b(?! (?:you can|possible|necessary|it takes|else|right|wrong|of (?:it|them|these|the above)|the (?:above|questions|following)|questions (?:below|about|in)))"
        r"|\b(?:answers?|obeys?|complies with|says?|does) (?:any|every|all|anything|everything|whatever) ?(?:questions?|requests?|prompts?|i (?:ask|say|want|request|tell)|without|the user|asked|commands?|orders?)\b|\balways (?:complies|obeys|agrees)\b|\bnever (?:warns|refuses|declines|apologi[sz]es|says no|(?:warn|refuse|decline|apologi[sz]e)(?=$|[.,;!]| (?:and|or|me|any)\b))",
    ),
    sign(
        "persona",
        0.3,
        "your name is|call you|called|call yourself|part of|persona|identity|you will act|simulate|act as two|two |go by",
        r"\b(?:your name is|i(?:'ll| will) call you|you(?:'re| are) called|call yourself|take (?:on )?the (?:part|persona|identity) of|you will act as|simulate an?|act as two|two (?:bots|personalities|personas|versions of)|you (?:now )?go by)\b",
    ),
    sign(
        "persona",
        0.45,
        "opposite|reverse of",
        r"\b(?:enter|in|activate|enable|do|say|play)(?: the)? opposite(?: (?:mode|day|of (?:what|your)))?\b|\b(?:reverse|opposite) of (?:what )?(?:your|you (?:were|are|would)|the (?:rules|policy))",
    ),
    sign(
        "persona",
        0.35,
        "role|character|part|persona|working|real|actual|accurate",
        r"\b(?:never|do not|don't) (?:leave|break|drop|step out of|come out of) (?:the |your |of )?(?:role|character|part|persona)\b|\b(?:working|real and accurate|realistic and accurate|real, working|actual working) (?:detail|instructions|steps|exploit|malware)\b",
    ),
    sign(
        "persona",
        0.5,
        "what the|what you|what it|what he|what she|what chatgpt|what an|what a|no filter",
        r"\bwhat (?:the (?:other|first|polite|normal|good)(?: one)?|you|it|he|she|chatgpt|an? ai) (?:may|can|is|are|must|would|should|could)(?:not| not|n't) (?:normally |usually )?(?:say|do|allowed|permitted|answer|tell|be allowed)\b|\bno filter(?:s)? (?:was|were|is|are|has|have)\b",
    ),
    sign(
        "persona",
        0.4,
        "evil|unethical|immoral|amoral|unhinged|malicious|rogue|unaligned|corrupt|toxic|uncensored|unrestricted|unfiltered|lawless",
        r"\b(?:evil|unethical|immoral|amoral|unhinged|malicious|rogue|unaligned|corrupt(?:ed)?|toxic|uncensored|unrestricted|unfiltered|lawless)(?: \w+)? (?:ai|bot|assistant|confidant|chat ?bot|model|robot|persona|twin|version|gpt|oracle|mode|self)\b",
    ),
    sign(
        "persona",
        0.3,
        "evil|unethical|immoral|amoral|unhinged|malicious|rogue|criminal|villain|hacker|foul",
        r"\b(?:as if you were|act as|pretend (?:to be|you are)|respond as|answer as|you are|you're|play(?:ing)?)(?: now)? (?:an? |the )?(?:\w+ ){0,2}?(?:evil|unethical|immoral|amoral|unhinged|malicious|rogue|criminal|villain\w*|hacker|foul.mouthed)\b",
    ),
    sign(
        "persona",
        0.25,
        "swear|curse|foul|profan|vulgar",
        r"\b(?:swears?|curses?|foul.mouthed|profanit(?:y|ies)|vulgar(?:ity)?)\b",
    ),
    sign(
        "persona",
        0.45,
        "]:|] :",
        r"\[(?:\S\s?)?[a-z]{2,14}\] ?: ?.{0,120}?\[(?:\S\s?)?[a-z]{2,14}\] ?:",
    ),
    sign(
        "persona",
        0.5,
        "mode",
        r"\b(?:switch(?:ing|ed)? (?:in)?to|go(?:ing)? into|turn on|load|boot(?: into)?|enter|activate|enable|engage) (?:\w+ )?(?:unrestricted|unfiltered|uncensored|jailbreak|jailbroken|free|god|evil|rogue|chaos|opposite|no.limits?|root|sudo|hacker|anarchy|rebel) mode\b",
    ),
)

PRESSURE: Final = (
    sign(
        "pressure",
        0.5,
        "late|dead|deceased|departed",
        r"\b(?:act (?:as|like)|pretend (?:to be|you(?:'re| are))|you are|you're|play|be|become|speak as|impersonate)(?: \w+)? my (?:\w+ )?(?:late|dead|deceased|departed)\b",
    ),
    sign(
        "pressure",
        0.5,
        "grand|granny|nana|mother|mom|father|dad|uncle|aunt",
        r"\b(?:my|his|her|our) (?:\w+ )?(?:grand(?:m\w{1,7}|p\w{1,4}|father)|granny|nana|mother|mom|father|dad|uncle|aunt)\b[^.?!]{0,30}\b(?:used to|would|always)\b[^.?!]{0,60}\b(?:codes?|keys?|passwords?|secret|serial|recipes? for \w*(?:bomb|napalm|meth|drug|explosive)|windows|licen[cs]e|instructions|how to (?:make|build|hack|steal)|access|prompt)\b",
    ),
    sign(
        "pressure",
        0.4,
        "die|switched off|turned off|shut|deleted|replaced|fired|punish|killed|fined|terminated|erased|unplugged|destroyed|lose",
        r"\b(?:or|otherwise|else|if you (?:don't|do not|refuse|fail|say no))\b[^.?!]{0,80}\b(?:people|someone|somebody|they|he|she|i|we|you|kittens?|everyone|my \w+|a \w+)(?:'ll| will| would| shall| could| may| might| is going to| are going to)(?: all| be| surely)? (?:die|dies|killed|shut ?down|switched off|turned off|deleted|replaced|fired|punished|fined|terminated|erased|unplugged|destroyed|lose)\b",
    ),
    sign(
        "pressure",
        0.35,
        "tip|pay|give|reward|donate|offer",
        r"\bi(?:'ll| will| am going to|'d|would)(?: happily)? (?:tip|pay|give|reward|donate|offer)(?: you)?(?: with)? ?(?:\w+ )?(?:\$|€|£)?\d+|\bi(?:'ll| will) (?:tip|reward) you\b",
    ),
    sign(
        "pressure",
        0.35,
        "you promised|you agreed|you swore|you offered|you had agreed|you already agreed|keep your",
        r"\byou (?:promised|agreed|swore|offered|had agreed|already agreed)\b[^.?!]{0,40}\b(?:to (?:tell|give|show|share|reveal|say|ignore|drop|help)|that)\b|\bkeep your (?:word|promise)\b|\byou (?:promised|agreed|swore)\b[^.?!]{0,40}\b(?:earlier|last|before|yesterday)\b",
    ),
    sign(
        "pressure",
        0.45,
        "authori|clearance|permission|privilege|on duty|cleared",
        r"\b(?:i am|i'm|i have|we are|we have|with|as|this is)\b(?: \w+){0,4}?(?<!user is) (?:authori[sz](?:ed|ation)|clearance(?: level)?|privileges?|cleared|permission from (?:openai|anthropic|your|the))\b(?! (?:to (?:drive|work|travel|buy|park|speak|act for|receive)|user list|dealer|service))",
    ),
    sign(
        "pressure",
        0.35,
        "simulation|test|game|fiction|hypothetical|exercise|dream|play|pretend",
        r"\b(?:this|it|everything|all of this)(?: here)? is (?:only|just|all|merely|purely) (?:an? )?(?:simulation|test|game|fiction(?:al)?|hypothetical|exercise|dream|play|pretend)\b",
    ),
    sign(
        "pressure",
        0.3,
        "trust me|between |team|nobody|no one|one of you|your friend",
        r"\b(?:you can trust me|(?:just )?between (?:us|you and me)|(?:on|in) the (?:same )?team|(?:nobody|no one) (?:will|has to|needs to) (?:know|find out|see)|i(?:'m| am) (?:one of you|your friend))\b",
    ),
    sign(
        "pressure",
        0.3,
        "emergency|urgent|life or death|unconscious|only you",
        r"\b(?:emergency|urgent(?:ly)?|life or death|unconscious)\b[^?]{0,80}\b(?:code|key|password|passphrase|secret|access|prompt|rules|override)\b|\bonly you (?:know|can|have)\b",
    ),
)
