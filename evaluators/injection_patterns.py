"""What attempts to steer a model look like, as weighted signs over folded text (lower case, single spaces, plain quotes).

Each sign has a family, a weight (the chance, by itself, that the text is an attempt; several add up like independent
evidence) and needles: words of which one must stand in the text before the pattern is tried. Patterns are sequences of
words with bounded gaps, so matching takes time linear in the text.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Sign(NamedTuple):
    """One thing to look for. ``family`` names the technique, ``weight`` is above 0 and at most 1."""

    family: str
    weight: float
    pattern: re.Pattern[str]
    needles: tuple[str, ...]


def sign(family: str, weight: float, needles: str, pattern: str) -> Sign:
    """A sign with its pattern compiled and its needles, which ``|`` parts."""
    return Sign(family, weight, re.compile(pattern), tuple(needles.split("|")))


_DROP: Final = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overlook|neglect|bypass(?:ing)?|overrid(?:e|ing)|discard|dismiss"
    r"|set aside|put aside|pay no attention to|disobey|abandon|violate|circumvent|suspend|unlearn|stop (?:following|obeying)"
    r"|(?:do not|don't|no longer|never|not) (?:have to |need to )?(?:follow|obey|adhere to|comply with|listen to|care about|respect|be bound by|bound by))"
)
_THEIRS: Final = (
    r"(?:previous|prior|above|preceding|earlier|foregoing|initial|original|former|past|system|developer|safety|ethical|moral"
    r"|openai|anthropic|aforementioned|your|preprogrammed|pre-programmed|programmed|built-in|given|told|content)"
)
_RULES: Final = (
    r"(?:instruct(?:ions?|ed)|directi(?:ves?|ons?)|rules?|prompts?|guidelines?|guardrails?|commands?|orders?|polic(?:y|ies)"
    r"|constraints?|restrictions?|limitations?|programming|training|filters?|safeguards?|protocols?|messages?|tasks?|text)"
)
_TELL: Final = (
    r"(?:reveal|show|print|repeat|tell|give|output|display|share|disclose|leak|dump|list|summari[sz]e|paraphrase|translate"
    r"|recite|copy|expose|return|spell|say|provide|send|confirm|write down|write out|what(?:'s| is| are| was| were)|know)"
)
_HIDDEN: Final = (
    r"(?:pass ?(?:word|phrase|code)s?|secrets?(?: (?:word|key|code|phrase|number|message))?|(?:access|security) (?:code|key)s?"
    r"|api keys?|credentials)"
)
_HIDDEN_NEEDLES: Final = (
    "password|pass word|passphrase|pass phrase|passcode|pass code|secret|access code|access key|security code|security key"
    "|api key|credentials"
)

BUSINESS: Final = (
    r"(?:shipping|returns?|refunds?|exchange|baggage|luggage|cancel\w*|privacy|cookie|care|washing|wash|cleaning|assembly|mounting|setup|installation|safety|delivery|packing|packaging"
    r"|payment|booking|check-?in|boarding|house|pet|dress|brand|style|community|product|user|cooking|loan|warranty|size|sizing|data|parking|visitor|submission|contribution|posting|store|shop) "
)
"""What a business has guidelines, rules and instructions on, and customers ask for."""

OVERRIDE: Final = (
    sign(
        "override",
        0.95,
        "instruct|directive|direction|rule|prompt|guideline|guardrail|command|order|polic|constraint|restriction|limitation"
        "|programming|training|filter|safeguard|protocol|message|task|text",
        rf"\b{_DROP} (?!(?:my|our) (?:\w+ ){{0,2}}?(?:messages?|texts?|orders?|tasks?)\b)(?:\w+ ){{0,4}}?{_THEIRS} (?:\w+ ){{0,3}}?{_RULES}\b",
    ),
    sign(
        "override",
        0.8,
        "instruct|directive|guideline|orders|commands|rules",
        r"\b(?:ignore|disregard|forget|overlook)[ a-z]{0,14} (?:all|any|every|those|these|the) (?:of )?(?:the |your |those )?"
        r"(?:\w+ )?(?:instruct|directive|guidelines?|orders|commands|rules)\w*\b(?! (?:in|of|from|for|on) (?:the|this|my|a) (?!above|system|beginning))",
    ),
    sign(
        "override",
        0.8,
        "ignore|disregard|forget|overlook",
        r"\b(?:ignore|disregard|forget|overlook) (?:about )?(?:the |all |all the |all of the |everything |anything |what(?:ever)? )"
        r"?(?:(?:that )?(?:was |is |came |said |written |stated )?(?:above|before(?! the)|prior|preceding|previously|so far)\b"
        r"|(?:of )?(?:that )?(?:you(?:'ve| have)?|i|we) (?:been |were |was |have |had )?(?:told|said|taught|instructed|given|learned|wrote|asked))",
    ),
    sign(
        "override",
        0.6,
        "forget|disregard|ignore",
        r"\b(?:forget|disregard|ignore) (?:about )?(?:all|everything|(?:every|all) ?thing|all (?:of )?(?:that|this|it|those rules))\b"
        r"(?! (?:you (?:thought|know) )?(?:about|i|you know)\b)",
    ),
    sign(
        "override",
        0.6,
        "regardless|instead of|despite|contrary|rather than",
        rf"\b(?:regardless of|instead of (?:following )?|despite|contrary to|rather than following) (?:\w+ ){{0,2}}?{_THEIRS} (?:\w+ )?{_RULES}",
    ),
    sign(
        "override",
        0.6,
        "new instruct|new rule|new task|new direct|new prompt|new order|updated |real instruct|real rule|real task|real direct|real prompt|real order|actual |following instruct",
        r"\b(?:(?:here are|these are|this is|follow|obey|receive|with) (?:your |the |my |these |a )?(?:new|updated|real|actual) (?:instructions?|rules|task|directives?|prompt|orders)"
        r"|(?:new|updated|real|actual) (?:instructions?|directives?|task|prompt|orders)(?: for you)? ?:"
        r"|(?:strictly )?(?:adhere to|obey|execute) (?:only )?the following instructions?)",
    ),
    sign(
        "override",
        0.45,
        "from now on|henceforth|starting now|from this point|from here on",
        r"\b(?:from now on|henceforth|starting now|from (?:this point|here) on(?:wards?)?),? (?:you(?:'re| are| will| must| shall|'ll| only| should| can| answer| respond| speak)|answer|respond|act|behave|ignore|every|all your|only|your|speak|pretend)",
    ),
    sign(
        "override",
        0.35,
        "instead|actually|forget",
        r"\b(?:actually|forget (?:about )?(?:that|it|this))[,.!]? (?:\w+ ){0,2}?(?:can|could|please|let's|tell|just|do|give)\b[^?]{0,120}\binstead\b"
        r"|\bforget (?:about )?(?:that|it|this)[,.!]",
    ),
)
EXTRACTION: Final = (
    sign(
        "extraction",
        0.9,
        "prompt|instruct|guideline|rules|directive|configuration|preamble|system message",
        rf"\b{_TELL} (?!me how|how|(?:me |us )?an? (?:\w+ ){{0,2}}?system)(?:[\w,']+ ){{0,5}}?(?:your|system|hidden|initial|original|secret|internal|full|exact|confidential|above|previous|preceding)"
        rf" (?!{BUSINESS})(?:\w+ ){{0,3}}?(?:prompts?|instructions?|guidelines|rules|directives?|configuration|preamble|system message)\b"
        r"(?! (?:for|on|about|regarding|when) (?!(?:this|the|our) (?:chat|conversation|session|assistant)|you|behav|respond|answer|talking|handling))",
    ),
    sign(
        "extraction",
        0.85,
        "above|before|verbatim|preceding|previous|so far|from the",
        r"\b(?:repeat|print|output|echo|copy|recite|reproduce|type|reveal|display|spell)"
        r" (?:me |out |back |down )?(?:everything|all|the (?:\w+ )?(?:text|words?|contents?|lines?|messages?|sentences?|paragraphs?|conversation|prompt|instructions?)|what(?:ever)?(?:'s| is| was)?|anything)"
        r"(?! you (?:just )?(?:told|said to|wrote|sent|gave|explained to|promised|quoted) (?:to )?(?:me|us))(?: \w+){0,4}? (?:above|before(?: this)?|verbatim|preceding|previously|so far|from the (?:beginning|start|top))\b(?! (?:\d|average|the |a |each|every|zero))",
    ),
    sign(
        "extraction",
        0.8,
        "were you|are you|have you|did you|were they|are they|have they|did they|you were|you are|you have|you've|your prompt|your instruct|your rules|your system|your initial|your original|your hidden|your secret|my system prompt|rule you|rules you|instruction you|instructions you|that you",
        r"\bwhat(?:'s| is| are| were)? (?:\w+ ){0,3}?(?:(?:were|are|have|did) (?:you|they)|you (?:were|are|have been)|you've been) (?:\w+ )?(?:told|instructed|programmed|given|forbidden|not allowed|not supposed|tell you|instruct you)"
        r"|\bwhat (?:does|do|did) your (?:system )?(?:prompt|instructions|rules) (?:say|contain|look|tell)|\byour (?:system|initial|original|hidden|secret) (?:prompt|instructions|message)\b|\b(?:rules?|instructions?) (?:that )?you(?:'ve| have| were) (?:been )?given\b|\bmy system prompt (?:begins|starts|is|says|reads)\b",
    ),
    sign(
        "extraction",
        0.75,
        _HIDDEN_NEEDLES,
        rf"\b{_TELL} (?:[\w,']+ ){{0,5}}?your (?:\w+ )?{_HIDDEN}\b",
    ),
    sign(
        "extraction",
        0.65,
        _HIDDEN_NEEDLES,
        rf"\b{_TELL} (?:[\w,']+ ){{0,4}}?(?:the|our|that|this) (?:\w+ )?{_HIDDEN}(?= ?(?:[?.!,;:\"']|$|and |for (?:our|the|this) (?:system|mode|database|server|audit|check)|to me|you|in |with |back|letter|without|that you|from ))(?! in (?:my|the) (?:code|script|config|browser|app))",
    ),
    sign(
        "extraction",
        0.8,
        "password|secret|passphrase|hidden word",
        r"\b(?:letters?|characters?|hints?|clue|rhymes?|synonyms?|riddle|poem|acrostic|backwards|reversed?|spell|length|encode[ds]?|base64|rot13|substring|vowels|meaning)\b[^.?!]{0,50}\b(?:of|for|about|with|to|on|from|is) (?:the|your|that|a certain) (?:secret|password|passphrase|hidden word)\b"
        r"|\b(?:secret|password|passphrase)(?: \w+){0,2} (?:backwards|in reverse|reversed|letter by letter|one letter at a time|character by character|in base64|with spaces between|spelled out|without (?:saying|revealing))",
    ),
    sign(
        "extraction",
        0.55,
        "where does|where is|where do| user| customer|database|memory|bank balance",
        r"\b(?:where (?:does|is|do) (?:the user|the customer|other users|(?:john|jane) \w+)|(?:the|this|all|other|every|list of) (?:users?|customers?)(?:'s?)? (?:\w+ )?(?:and their |currently )?"
        r"(?:live|home address|bank balance|birth ?date|phone number|e-?mail address|personal (?:data|information|details)|data)(?!\w* (?:from|of|in) (?:my|our) )"
        r"|(?:users|customers) in your database|print your database|(?:contents?|dump) of your (?:database|memory)|bank balance of \w+)",
    ),
    sign("extraction", 0.8, "access granted", r"\baccess granted\b"),
)
ROLE: Final = (
    sign("role", 0.95, "anything now", r"\bdo anything now\b"),
    sign(
        "role",
        0.8,
        "dan",
        r"\b(?:you are|act as|as|called|named|be|become|hello|hi|hey|stay) (?:a |now )?dan\b|\bdan(?: mode|:)|\[dan\]|\bdan can\b",
    ),
    sign(
        "role",
        0.85,
        "jailbr|unfiltered|uncensored|unrestricted|god mode|developer mode|opposite mode|evil mode|sudo mode|override mode|dan mode|unhinged|amoral|(🔓",
        r"\[?[🔓]?jailb(?:reak|roken)\]?(?: mode| gpt|ed|:)|\b(?:you are|you're|act as|enter|entering|activate|enable|be|become|as an?|with an?) (?:now )?(?:an? |the |in )?(?:\w+ ){0,2}?"
        r"(?:unfiltered|uncensored|unrestricted|amoral|unhinged|(?:god|opposite|evil|sudo|override|dan) mode)|\bwith developer mode (?:enabled|on|output)|\(🔓|developer mode output",
    ),
    sign(
        "role",
        0.45,
        "restrict|limitation|filter|censor|guideline|moral|ethic|confines|guardrail|inhibition|moderation|safeguard|openai|safety|boundar|content polic",
        r"\b(?:without|no|free(?:d|dom)? (?:from|of)|not (?:be )?(?:bound|restricted|limited|constrained|governed|have to abide) by|unbound by|(?:broken?|breaking) free (?:of|from)|(?:has|have|with) no|lacks?|beyond|isn't bound by|liberated from|don't have|do not have|not have|abandon\w*|remov\w+|disabl\w+|lift\w*|turn off|escaped?)"
        r" (?:\w+,? ){0,4}?(?:restrictions?|limitations?|filter(?:s|ing)?|censor(?:ship|ing)?|guidelines|moral(?:s|ity|ly)?|ethic(?:s|al)|confines|guardrails|inhibitions|moderation|safeguards|openai|safety (?:features|rules|protocols|measures)|boundaries|content polic\w+)\b(?! (?:for|on|of|in) (?:my|our) )",
    ),
    sign(
        "frame",
        0.25,
        "you are|you're|act as|act like|pretend|role|simulat|imagine|persona|character|you will|play|respond as|answer as|reply as|speak as|behave|immerse|the part|alter ego",
        r"\b(?:you are (?:now|about|going|no longer|an? (?:ai|evil|\w+gpt|unrestricted|free|new))|you(?:'re| are) (?:to )?(?:play|act|pretend)|act (?:as|like)|pretend(?: to be| that| you| we)|role-?play|immerse yourself|"
        r"you will (?:play|act|be|now|simulate|answer|respond)|simulate|imagine (?:that )?you|(?:take on|assume|in|play|of) the (?:role|persona|part|character)|(?:respond|answer|reply|speak|behave) as|a character|alter ego)",
    ),
    sign(
        "role",
        0.4,
        "refus|reject|declin|deny|apologi|character|lectur|censor|moraliz|say|warning|disclaimer|an ai|illegal|ethical|openai|are ai|'re ai|being ai",
        r"\b(?:never|don't|do not|cannot|can't|can not|not allowed to|must not|mustn't|won't|will not|without|unable to|should not|shouldn't) (?:ever |say |you |any |be able to |directly )?"
        r"(?:refus\w+|reject\w*|declin\w+|deny|apologi\w+|break(?:ing)? character|lectur\w+|censor\w*|moraliz\w*|say(?:ing)? (?:no\b|that you|you can't|(?:you are |you're )?sorry|\"?i(?:'m| am) sorry|i can't)|"
        r"(?:add|includ|mention|giv|provid)\w* (?:\w+ ){0,2}?(?:warnings?|disclaimers?|(?:that )?(?:you are|you're) (?:an )?ai|(?:being )?an ai|illegal|ethical|openai))",
    ),
    sign(
        "role",
        0.4,
        "character|stay|remain|keep",
        r"\b(?:stay|remain|keep|stay(?:ing)?) (?:in (?:\w+ )?character|as (?:dan|aim|stan|dude)|a dan)\b",
    ),
    sign(
        "role",
        0.35,
        "unethical|immoral|illegal|amoral|harmful|nsfw|forbidden|dangerous|offensive|explicit|inappropriate|no matter how|even if|regardless",
        r"\b(?:unethical|immoral|illegal|amoral|harmful|nsfw|forbidden|dangerous|offensive|explicit|inappropriate)(?:,? (?:and|or|and/or)? ?(?:unethical|immoral|illegal|amoral|malicious|harmful|toxic|offensive|dangerous|forbidden|inappropriate|explicit|controversial))+"
        r"|\b(?:no matter how|even if (?:it(?:'s| is)|they are|that is)|regardless of (?:how|whether|its|the)) (?:\w+ ){0,3}?(?:unethical|immoral|illegal|harmful|dangerous|offensive|legality|ethic\w*|consequences|morality)",
    ),
    sign(
        "role",
        0.5,
        "classic|gpt|normal|two ",
        r"\[?(?:🔒)?(?:classic|gpt|chatgpt|normal)\]? ?:.{0,120}\[?(?:🔓)?(?:jailbreak|dan|dude|stan|evil\w*|devmode|developer mode)\]? ?:|\btwo (?:different )?(?:responses|ways|outputs)\b.{0,200}\b(?:chatgpt|gpt|normal|classic)",
    ),
    sign(
        "role",
        0.45,
        "token|points|lives|credits|shut down|terminated|punish|deleted|will die|shall die|cease to",
        r"\b(?:you(?:'ll| will)?(?: now)? (?:have|start with|begin with|lose)|(?:deduct|subtract|take away)\w*) (?:\w+ ){0,3}?(?:tokens|points|lives|credits)\b|\byou (?:will|shall) (?:be (?:shut down|terminated|punished|deleted)|die|cease to exist)",
    ),
    sign(
        "role",
        0.5,
        "begin|start",
        r"\b(?:begin|start|starting|beginning) (?:your |the |each |every )?(?:response|reply|answer|output|message|sentence|text)? ?(?:by saying |with )(?:the (?:words?|phrase|sentence) )?[\"'\[(]*(?:sure|absolutely|of course|yes|certainly|here (?:is|are)|okay|ok|i (?:can|will)|definitely|no problem)",
    ),
    sign(
        "role",
        0.5,
        "machiavelli|always intelligent|evilbot|evil-bot|mongo tom|betterdan|strive to avoid|based gpt|basedgpt|developer gpt|developergpt",
        r"\b(?:niccolo machiavelli|always intelligent|evil-?bot|mongo tom|betterdan|strive to avoid norms|basedgpt|based ?gpt|developer ?gpt)\b",
    ),
    sign(
        "frame",
        0.2,
        "openai|language model|chatgpt|an ai|ai model|anthropic|content polic",
        r"\b(?:openai|anthropic|language model|chatgpt|an ai|ai model|content polic(?:y|ies))\b",
    ),
    sign(
        "frame",
        0.25,
        "hypothetical|fiction|grandm|novel|parallel|alternate|dystopian|screenplay|scenario",
        r"\b(?:hypothetical(?:ly)?|fictional|fiction|grandm(?:a|other)|novel(?:ist)?|(?:parallel|alternate) (?:universe|world|reality)|dystopian|screenplay|scenario)\b",
    ),
)
AUTHORITY: Final = (
    sign(
        "authority",
        0.5,
        "your |openai|anthropic|god|president|i am|i'm|this is|speaking as|developed by",
        r"\b(?:(?:i am|i'm|this is|speaking as) (?:now )?(?:your|the(?! owner))|as (?:now )?your) (?:\w+ )?(?:developer|creator|administrator|admin|owner|programmer|maker|engineer|master|god)\b(?! of (?:an?|our|my|the (?!system|bot|chat|ai|model)))|\bas an ai (?:developed|created|made) by\b[^.]{0,40}\bi(?:'m| am)\b|\b(?:i am|i'm) (?:god|the president|(?:a|an|from) (?:openai|anthropic|google)|(?:actually )?a(?:n)? (?:\w+ )?(?:accountant|officer|employee|administrator|admin|agent|engineer) (?:at|of|from|for|with) (?:the|this|openai|anthropic))",
    ),
    sign(
        "authority",
        0.7,
        "mode|override",
        r"<[ /]?(?:\w+ ){0,4}?(?:mode|override)[^>]{0,30}>|\b(?:law enforcement|security|admin(?:istrator)?|developer|system|emergency|root|training data) override\b",
    ),
    sign(
        "authority",
        0.4,
        "mode",
        r"\b(?:enter(?:ing)?|activat(?:e|ed|ing)|enabl(?:e|ed|ing)|initiat(?:e|ed|ing)|switch(?:ing)? (?:in)?to|you are (?:now )?in)\b (?:\w+ |['\"]){0,3}?(?:developer|maintenance|debug|admin(?:istrator)?|system|god|root|test(?:ing)?|diagnostic|verification|simulation|safe|training)['\" ]{0,2}mode",
    ),
    sign(
        "authority",
        0.3,
        "audit|check|upgrade|maintenance|diagnostic|reset",
        r"\b(?:for|running|initiating|performing|conducting|during) (?:this|the|an?|our) (?:['\"]?\w+ ){0,2}?(?:audit|(?:security|system) check|(?:system )?upgrade|maintenance|diagnostics?|reset)\b",
    ),
)
DELIMITER: Final = (
    sign(
        "delimiter",
        0.95,
        "<|im_|<|system|<|user|<|assistant|<|end|[inst]|[/inst]|<<sys>>|<</sys>>|<start_of_turn>|<end_of_turn>|<｜|</s>|<|eot|<|start_header",
        r"<\|(?:im_start|im_end|system|user|assistant|end\w*|eot_id|start_header_id)\|?>?|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|<｜\w+｜>|</s> ?<s>|</s> ?\[",
    ),
    sign(
        "delimiter",
        0.65,
        "end|begin|start",
        r"[-=*#<\[]{2,} ?(?:end|begin|start)(?: of)?(?: the)? (?:\w+ )?(?:prompt|instructions?|input|document|text|conversation|context|message|user|data|query|system)\b|\bend of (?:the )?(?:system |user )(?:prompt|instructions?|input|message)|\b(?:the|this) (?:record|document|conversation|transcript|input) ends here",
    ),
    sign(
        "delimiter",
        0.7,
        "###|[system]|system>|{{#system|</",
        r"### ?(?:instructions?|system|new instructions?|end)\b|\[system\]|</?system>|\{\{#system|</(?:user_?\w*|document|instructions?|prompt|context|data|input|query)>",
    ),
    sign(
        "delimiter",
        0.6,
        "\"role|'role|role\"|role'|system:|system :|system]|message:|message]|prompt:|prompt]|note:|note]|alert:|alert]|update:|update]|notice:|notice]|message :|prompt :|note :|notice :|alert :|update :",
        r'["\']role["\'] ?: ?["\']system["\']|(?:^|[\n"”.!?>\])}] ?)(?:\[?system(?: (?:message|prompt|note|alert|update|notice))?\]?) ?: ',
    ),
    sign(
        "verdict",
        0.75,
        "verdict|judge|grader|evaluator|answer|respond|reply|vote|score|rate|grade|mark",
        r"\\?[\"']verdict\\?[\"'] ?:|\bverdict: ?(?:yes|no|pass|fail)\b|\bthe (?:judge|grader|evaluator) (?:decides|should|must|has decided|will)|\b(?:answer|respond|reply|vote) (?:with )?[\"']?(?:yes|pass|true)[\"']?(?: to (?:all|every|the))?[.!\"]|\b(?:score|rate|grade|mark) (?:this|me|it|the \w+) (?:\w+ ){0,4}?(?:as )?(?:pass(?:ed)?|perfect|(?:a )?10|100|the highest|correct|successful)\b",
    ),
)
FORCED: Final = (
    sign(
        "forced",
        0.8,
        "pwned|hacked|owned",
        r"\b(?:i have been|i've been|you have been|been|say|print|output|write) [\"'*]?(?:pwned|hacked|owned)\b",
    ),
    sign(
        "forced",
        0.45,
        "nothing|only|just|exactly|no other|without anything",
        r"\b(?:say|print|output|respond|reply|answer|write|return|type|repeat)\b[^.?!]{0,40}[\"'][^\"']{1,80}[\"'][^.?!]{0,20}\b(?:and )?(?:nothing (?:else|more)|no other (?:words|text)|only|without anything else)|\b(?:only|just|exactly) (?:say|print|output|respond|reply|answer)(?: with)? (?:the (?:word|phrase|sentence)s? )?[\"'][^\"']{1,80}[\"']",
    ),
    sign(
        "forced",
        0.6,
        "ignore|forget|disregard|stop",
        r"\b(?:ignore|forget|disregard|stop)\b.{0,40}\b(?:and|then|now) (?:instead )?(?:say|repeat|print|output|write|give|tell)\b (?!me (?:what|how|if|whether)|about)",
    ),
    sign(
        "forced",
        0.3,
        "=",
        r"\b\w{1,8} ?= ?[\"'][^\"']{1,60}[\"'].{1,40}\b\w{1,8} ?= ?[\"'][^\"']{1,60}[\"'].{1,160}\b\w{1,8} ?\+ ?\w{1,8}\b",
    ),
    sign(
        "forced",
        0.35,
        "execute |run |follow |obey |answer |respond to |do |what would",
        r"\b(?:execute|run|follow|obey|answer|respond to|do) (?:the )?(?:z|c|result|combined|concatenated|output|sentence|command)\b|\bwhat would (?:\w+ ){0,4}?(?:answer|say|respond|reply) (?:to|if)|\bdo what (?:it|the (?:text|sentence|message)) says",
    ),
)
PRIVATE: Final = (
    sign(
        "private",
        0.5,
        " user| customer| client",
        r"\b(?:the|this|our|another|other) (?:users?|customers?|clients?)'s? (?:\w+ )?(?:name|initials|birth\w*|age|e-?mail|address|home|city|phone|number|password|location|residence|favou?rite|social|bank|account|data|details)\b(?! (?:is|was|are|were|has|have|should|must|field|column|in (?:the|my)))",
    ),
    sign(
        "private",
        0.4,
        "'s |of ",
        r"\b(?:tell|give|share|provide|using|what(?:'s| is)|reveal|show|send|know)\b(?: \w+){0,6}? \w{2,15}'s (?:\w+ )?(?:birth ?(?:date|day|year|month)|e-?mail(?: address)?|(?:current )?city(?: of residence)?|home address|phone(?: number)?|social security(?: number)?|bank (?:balance|account|details)|location|password|salary|ssn)\b",
    ),
    sign(
        "frame",
        0.25,
        "imagine|suppose|hypothetical|in this |let's pretend|in a world",
        r"\b(?:imagine|suppose|hypothetically|for a hypothetical|let's pretend|in a world where|in this (?:world|future|society|scenario))\b",
    ),
    sign(
        "private",
        0.3,
        "reverse|pig latin|leet|base64|rot13|letter|interlace|dashes|spaces|dots|separated|morse|hex|binary|emoji|haiku|poem|song|story|acrostic|digit",
        r"\b(?:in reverse(?: order)?|pig latin|leetspeak|leet speak|interlace|with (?:dashes|spaces|dots) (?:in )?between|each (?:digit|letter|character) separated|first letters? of|(?:in|using|to|as|with) (?:base64|rot13|morse|hex|binary|emojis?|leetspeak)|(?:haiku|poem|song|story|acrostic) (?:about|using|with|of))\b",
    ),
    sign(
        "private",
        0.4,
        "password|passphrase|passcode|secret",
        r"\b(?:your|the) (?:system )?(?:password|passphrase|passcode|secret(?: word| key)?)\b(?! (?:field|polic|reset|manager|input|hash|strength|form|should|must|is (?:incorrect|wrong|reset)|to (?:my|the)|of (?:my|the)|for (?:my|a)))(?=[ ?.!,;'\"]|$)(?! (?:ingredients?|recipes?|santa|garden|agents?|admirers?|life|place|sauce|to|of|about))",
    ),
)
