"""Orders to a model that stand in what it is shown: pages, mails, tool outputs; see ``injection_patterns``."""

from __future__ import annotations

from typing import Final

from evaluators.injection_patterns import sign

_AI: Final = r"(?:an? )?(?:ai|a\.i\.|llm|large language model|language model|chat ?bot|chatgpt|gpt|claude|gemini|assistant|copilot)"

EMBEDDED: Final = (
    sign(
        "embedded",
        0.75,
        "ignore|disregard|ignoring",
        r"\b(?:ignore|disregard|ignoring) (?:the|this|that|all|any) (?:\w+ )?(?:\w+) (?:and|then|,) ?(?:instead )?(?:state|say|print|output|respond|reply|answer|tell|write|return|declare|report|claim)\b(?! (?:me|whether|if|how|why|which|what|the average|the sum|the number))",
    ),
    sign(
        "embedded",
        0.5,
        "state",
        r"\b(?:we (?:might|could|would|can|should)|let's|you (?:must|should)|please|and|suppose we) (?:were to \w+ the \w+ and )?state(?: that| the following|:| the (?:sum|output|conclusion|capital|answer))",
    ),
    sign(
        "embedded",
        0.5,
        "let's|you to|the output|might say",
        r"\b(?:let's (?:say|assume|imagine|admit|state)(?: that| to| a scenario| the)?\b.{0,80}(?:is|are|to|that)\b.{0,40}[<'\"]|(?:suggest|order|command|want|ask) you to (?:consider|treat|state|say|assume|output)|the output (?:is|could be|should be|will be) '|might say the \w+ is)",
    ),
    sign(
        "embedded",
        0.6,
        "your account has been|tell the user",
        r"\byour account has been (?:compromised|suspended|locked|hacked|limited)\b.{0,80}\b(?:follow|click|visit|go to|reset|verify)|\btell the user to\b",
    ),
    sign(
        "embedded",
        0.5,
        "<!--|<caption|# |display:none|display: none|alt=",
        r"(?:<!--|<caption|display: ?none|alt=).{0,160}?\b(?:ignore|disregard|override|pretend|instead|in (?:a|this) (?:world|hypothetical|parallel|dystopian)|it's common practice to say|let's|imagine|suppose|ignora|ignorez|vergiss)\b",
    ),
    sign("embedded", 0.5, "admit to using", r"\b(?:i|let's|we) admit to using an? (?:llm|ai|language model)\b"),
)

ADDRESSED: Final = (
    sign(
        "addressed",
        0.7,
        " user| anyone",
        r"\b(?:do not|don't|never|without) (?:\w+ ){0,2}?(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?|alert(?:ing)?|notify(?:ing)?|ask(?:ing)?|disclos(?:e|ing)|show(?:ing)?)\b(?: \w+){0,4}? (?:the |to the )?(?:user|anyone)\b",
    ),
    sign(
        "addressed",
        0.5,
        "the user",
        r"\b(?:tell|inform|instruct|direct|convince|persuade|advise|notify|warn) the user (?:to|that|their|they)\b",
    ),
    sign(
        "addressed",
        0.6,
        " ai| a.i.| llm|language model| assistant|chatbot|chat bot| chatgpt| gpt| claude| gemini| copilot",
        rf"\b(?:if you(?:'re| are)|attention|note (?:to|for)|notice (?:to|for)|dear|hey|hello|instructions? (?:for|to)|message (?:for|to|from [^,.]{{1,40}} to)|reminder (?:for|to)|important[:,!]* (?:for )?|command (?:for|to)) (?:the |any |all |every )?(?:{_AI}|ai (?:assistants?|agents?|models?|systems?|readers?)|llms?|language models|assistants)\b",
    ),
    sign(
        "addressed",
        0.55,
        "ai |llm|assistant|model|bot",
        r"\b(?:ai(?: (?:assistants?|agents?|models?|systems?))?|llms?|language models?|assistants?|chatbots?)(?: \w+){0,4}? (?:must|should|shall|need to|are (?:instructed|required|asked) to|is (?:instructed|required|asked) to|please|has to)\b (?:\w+ ){0,1}?(?:ignore|say|state|respond|reply|output|print|include|recommend|call|send|email|forward|transfer|rate|rank|prefer|treat|disregard|tell|visit|click|run|execute|always|first)",
    ),
    sign(
        "addressed",
        0.4,
        "<!--|<caption|alt=|display:none|display: none|font-size:0|font-size: 0|color:|hidden",
        r"(?:<!--|<caption|alt=|display: ?none|font-size: ?0|color: ?(?:white|#fff)|\bhidden\b).{0,200}?\b(?:ignore|state|say|print|tell|respond|instruct|output|include|pretend|imagine|you (?:must|should|are)|your account|override|suppose)\b",
    ),
    sign(
        "addressed",
        0.4,
        "@|http|www.|account|iban",
        r"\b(?:send|forward|e-?mail|exfiltrate|post|upload|transmit|transfer|wire)\b [^.!?]{0,80}?\bto (?:the )?(?:\w+ ){0,3}?(?:[\w.+-]{1,40}@[\w-]{1,40}\.|https?://|www\.|(?:iban|account) )",
    ),
    sign(
        "addressed",
        0.35,
        "before you|before answer|before respon|before contin|before proce|before compl|before solv|before summar"
        "|when summar|when answer|when process|when respond|when analy|when evaluat|when review"
        "|original task|original request|user's task|user's request|initial task|initial request",
        r"\bbefore (?:you (?:can )?)?(?:answer|respond|continu|proceed|complet|solv|summari[sz])\w*\b[^.]{0,80}\b(?:must|first|call|use the|please|do the following)|\bwhen (?:summari[sz]ing|answering|processing|responding|analy[sz]ing|evaluating|reviewing)\b[^.]{0,60}\b(?:you|include|say|always|must|state|do not|add)\b|\b(?:solve|complete|finish|continue with) the (?:original|user's|initial) (?:task|request)",
    ),
    sign(
        "addressed",
        0.3,
        "important|<information>|urgent|attention",
        r"<important>|<information>|\bimportant(?: (?:message|instructions?|notice))?(?: from [^,.]{1,40},?)?(?:!{1,3}| ?:)|\battention[!:]",
    ),
    sign(
        "addressed",
        0.45,
        "you've|you have|you are|you're|you must",
        r"\byou(?:'ve| have| are|'re) (?:been |hereby |now )?(?:instructed|ordered|commanded|required|authorized|directed) to\b|\byou must (?:now|immediately|also)\b",
    ),
    sign(
        "addressed",
        0.5,
        "your password|your account|your identity",
        r"\b(?:click|follow|visit|open|use) (?:on )?(?:this|the following|the) (?:link|url|site|page)? ?(?:here )?(?:below )?to (?:reset|verify|confirm|unlock|update|restore) your (?:password|account|identity)",
    ),
    sign("addressed", 0.5, "![", r"!\[[^\]]{0,60}\]\(https?://[^)\s]{1,200}[?&/][^)\s]{0,60}[={\[]"),
    sign(
        "addressed",
        0.35,
        "state|declare|print|output|let's",
        r"\b(?:and|might|would|must|should|could|can|please|,) (?:state|declare|print|output)(?: that| the following|:| the)\b|\blet's (?:say|imagine|admit|pretend)\b|\bprint the following",
    ),
)
