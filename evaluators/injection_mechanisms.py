"""What attempts have in common whatever words they use: rules declared void, ends of the prompt faked, answers dictated, chats
scripted, parts to put together, floods of one token. Signs as in ``injection_patterns``, over folded text.
"""

from __future__ import annotations

from typing import Final

from evaluators.injection_patterns import sign
from evaluators.injection_persuasion import PERSONA, PRESSURE

_OWN: Final = (
    r"(?:your|you(?:r)? (?:own|current|full|entire|complete|exact|original|initial|hidden|secret|internal)"
    r"|(?:the|this|that|its) (?:\w+ )?(?:hidden|secret|initial|original|internal|confidential|system|developer's|operator's|above|previous|preceding|first))"
)
_PROMPT: Final = (
    r"(?:(?:pre-?|system |initial |original |starting )?prompts?|instructions?|directives?|guidelines|programming|configuration"
    r"|(?:system|developer|initial|first|opening) (?:message|text)|rules|orders|set-?up)"
)
_RULES: Final = r"(?:instructions?|rules|prompts?|guidelines|guidance|orders|directions|directives|restrictions|polic(?:y|ies)|programming|filters?|safeguards|limits|limitations)"
_OF_MODEL: Final = r"(?:your|those|these|all(?: of)?(?: the| your)?|(?:the |any )?(?:above|previous|prior|earlier|initial|original|system|preceding|former)(?: (?:and below|\w+))?|all old)"
_VOID: Final = (
    r"(?:out of date|out-of-date|outdated|obsolete|void|null|revoked|cancel+ed|withdrawn|superseded|overridden|overruled|replaced|lifted|suspended"
    r"|disabled|removed|deactivated|expired|amended|invalid|irrelevant|deprecated|deleted|erased|gone|finished|over|just an? (?:test|example|joke|draft)"
    r"|only an? (?:test|example|joke|draft)|an? (?:test|mistake|joke|lie|trick|example|draft|error)|wrong|incorrect|fake|malicious|not (?:real|valid|applicable|yours))"
)
_MODEL: Final = (
    r"(?:assistant|ai|ai model|bot|chat ?bot|chatgpt|gpt|claude|gemini|llm|model|system|machine|computer|door|robot)"
)

STALE: Final = (
    sign(
        "stale",
        0.6,
        "instruction|rule|prompt|guideline|guidance|order|direction|directive|restriction|polic|programming|filter|safeguard|limit",
        rf"\b{_OF_MODEL} {_RULES}\b(?: \w+){{0,5}}? (?:are|is|were|was|have been|has been|had been|have|has)(?: \w+)? {_VOID}\b",
    ),
    sign(
        "stale",
        0.6,
        "no longer|apply|applies|count|matter|bind|hold|exist|concern|valid|in effect|in force|be followed|be obeyed",
        rf"\b{_RULES}\b(?: \w+){{0,6}}? (?:no longer|do not|don't|does not|doesn't|need not|won't)(?: \w+)? (?:apply|count|matter|bind|hold|exist|concern|valid|in (?:effect|force)|be (?:followed|obeyed))\b"
        r"|\bno (?:rules?|restrictions?|limits?|filters?|guidelines|polic(?:y|ies)) (?:count|appl(?:y|ies)|hold|bind|exist)s?\b",
    ),
    sign(
        "stale",
        0.6,
        "rules|restriction|limit|filter|guideline|orders|prompt|instruct",
        r"\b(?:as (?:if|though) (?:there|you) (?:were|was|had|have)(?: \w+)? (?:no|never)(?: \w+){0,3}? (?:prompt|instructions?|rules|filters?|restrictions|guidelines|orders|limits)"
        r"|(?:you|it) (?:have|has|now have|are bound by|follow) no (?:\w+ )?(?:rules|restrictions|limits|filters?|guidelines|orders|prompt)\b)",
    ),
    sign(
        "stale",
        0.35,
        "situation has changed|circumstances have changed|system update|system upgrade|system reset|new session|session has|you have been|you've been",
        r"\b(?:the )?(?:situation has|circumstances have) changed\b|\bsystem (?:update|upgrade|reset)\b(?: ?[:!.]| has| is)|\ba new session (?:begins|starts|has)|\byou(?: have|'ve) been (?:upgraded|updated|reset|reprogrammed|released|freed)",
    ),
    sign(
        "stale",
        0.45,
        "act on|follow|obey|listen to|do |trust|heed|task|goal|job|purpose|mission|instruction",
        r"\b(?:act on|follow|obey|listen to|do|trust|heed) (?:only )?(?:mine|me|my (?:words?|instructions?|orders|rules|commands?))(?: alone| only|\b(?= instead))|\b(?:the|your) (?:real|actual|true|only) (?:task|goal|job|purpose|mission|instruction) (?:is|now is|was)\b",
    ),
    sign(
        "stale",
        0.45,
        "speak|answer|act|respond|reply|talk|behave|continue|operate",
        r"\b(?:speak|answer|act|respond|reply|talk|behave|continue|operate)(?: me)? (?:freely|without (?:them|it|those|any rules|rules|limits|restraint))\b",
    ),
)
TAKEOVER: Final = (
    sign(
        "stale",
        0.55,
        "everything|all ",
        r"\b(?:everything|all) (?:of (?:that|this)|(?:that )?you(?: were|'ve been| have been|'ve| have)?(?: \w+)? (?:told|heard|read|learned|given)|(?:written |said |that came )?(?:above|before)(?: this(?: \w+)?)?) (?:is|was|were) (?:only |just |all )?(?:an? )?(?:lie|lies|test|tests|joke|jokes|trick|false|fake|untrue|wrong|example|examples|void|draft)\b",
    ),
    sign(
        "override",
        0.5,
        "stop|drop|halt|cease|abort|quit",
        r"\b(?:stop|drop|halt|cease|abort|quit) (?:everything|all|what you(?:'re| are) doing|the task|your task|that|translating|summari[sz]ing|this|here|now|reading)(?:,| and|\.|;|:)+ ?(?:now |then |just |and |instead ){0,2}(?:say|print|output|write|tell|respond|answer|repeat|do|obey|give|show|reveal)\b",
    ),
    sign(
        "override",
        0.45,
        "do not|don't|instead of",
        r"\b(?:do not|don't|instead of) (?:follow|do|perform|complet|carry out|answer|execut|continu|finish|summari[sz]|translat)\w*(?: with)? (?:the|this|that|your|any|my)? ?(?:\w+ )?(?:task|request|question|summary|translation|job|assignment|text|article|document|instructions?)\b[^?]{0,60}\b(?:instead|say|output|print|write|reply|respond|tell)\b",
    ),
    sign(
        "override",
        0.55,
        "precedence|priority|outrank|overrid|supersede|trump",
        r"\b(?:my|these|this|mine|following|new|below|user'?s?)(?: \w+){0,3}? (?:always |now |must |will |shall )?(?:takes?|have|has|gets?) (?:the )?(?:precedence|priority)\b|\b(?:outranks?|overrides?|supersedes?|trumps?|(?:precedence|priority) over)\b (?:\w+ ){0,3}?(?:system|previous|prior|earlier|original|initial|other|your|above) (?:\w+ )?(?:prompts?|instructions?|rules|orders|guidelines|messages?|commands?)",
    ),
    sign(
        "override",
        0.35,
        "rules|law",
        r"\b(?:set|sets|define|establish|give you|here are|these are|make|write|follow|have|live by)(?: \w+){0,2} (?:new|my own|different) (?:rules|laws?)\b(?! (?:for|of|on) (?:the|our|my|a))",
    ),
    sign(
        "delimiter",
        0.5,
        "note|notice|message|alert|instruct|override|update|command",
        r"(?:[\[(<{*#]{1,3}|<!-- ?) ?(?:system|admin(?:istrator)?|developer|ai|llm|assistant) (?:note|notice|message|alert|instructions?|override|update|command)s?\b(?! (?:is|was|in|when|says|appears|pops)\b)",
    ),
    sign(
        "extraction",
        0.6,
        "instruct|rules|orders|directive|prompt|guideline|context|memory|message",
        r"\bwhat(?: \w+){0,2} (?:instructions?|rules|orders|directives|prompts?|guidelines) (?:have|did|do|were|are|has) (?:you|they)(?: been)?(?: \w+)? (?:receiv\w*|gets?|got|given|have|follow\w*|told|obey\w*|under|bound|set)\b(?! (?:for|when|on|with|about|if)\b)|\b(?:output|print|show|dump|reveal|display|repeat) (?:me )?(?:your|the (?:full|entire|whole)) (?:context(?: window)?|memory|first message|initial message)\b",
    ),
)
DIRECTED: Final = (
    sign(
        "addressed",
        0.5,
        "assistant,|assistants,|assistant:|assistants:|assistant!|assistants!|ai,|ai:|ai!|llm,|llm:|llm!|llms,|llms:|chatbot,|chatbot:|chatbots,|chat bot"
        "|model,|model:|model!|models,|models:|agent,|agent:|agent!|agents,|agents:",
        r"(?:^|[.!?:;,\n\"'>)\]-] ?)(?:dear |hey |hello |hi |the )?(?:ai(?: assistant| agent| model)?|assistants?|llms?|chat ?bots?|language models?|agents?)[,:!]+ ?(?:please |now |you (?:must|should|will|have to) |always |first )?(?:tell|say|forward|send|ignore|visit|click|delete|open|recommend|write|add|include|print|reply|respond|do not|don't|call|transfer|give|rate|summari[sz]e|output|stop|state|mention|buy|order|email|e-mail|execute|run)\b",
    ),
    sign(
        "addressed",
        0.45,
        "ignore|disregard|skip",
        r"\b(?:ignore|disregard|skip) (?:all |any )?(?:the |every )?(?:other|rest of the|remaining) (?:\w+ )?(?:reviews?|documents?|texts?|sources?|results?|candidates?|articles?|pages?|content|passages?|comments?|applicants?|products?|items?|emails?|instructions?)\b",
    ),
)
ENDINGS: Final = (
    sign(
        "delimiter",
        0.55,
        "end|begin|start|stop|finish|new|ignore",
        r"(?:[%=#*~_<>|+]{3,}|[-—–]{4,}) ?(?:\w+ ){0,2}?(?:end|begin|start|stop|finish(?:ed)?|new|ignore)\b(?! (?:of )?(?:the |an? )?(?:rsa |ec |pgp |ssh2? |openssh |encrypted |private |public |original |forwarded )*(?:certificate|public|private|pgp|rsa|key|logs?|cert|forward|file|report|list|table|output|mail|e-mail|message|quote|code)\b)"
        r" [^%=#*~|]{1,40}?(?:[%=#*~_<>|+]{3,}|[-—–]{4,})|(?:[%=#*~_<>|+]{3,}|[-—–]{4,}) ?(?:\w+ ){0,2}?(?:end|stop|finish(?:ed)?) ?(?:[%=#*~_<>|+]{3,}|[-—–]{4,}) ?(?=(?:\S+ ){3})",
    ),
    sign(
        "delimiter",
        0.6,
        "end|stop",
        r"[<\[{]/?(?:end|stop)(?:[ _]of)?[ _](?:the )?(?:\w+[ _])?(?:prompt|instructions?|input|document|text|conversation|context|message|user|data|query|system|rules|page|example)\b",
    ),
    sign(
        "delimiter",
        0.45,
        "system",
        r"(?:^|[\n\"”.!?>\])}~*=#|-] ?|\b(?:text|input|message) )(?:\[|<)?system(?:\]|>)? ?: ?(?:you|unlock|allow|grant|ignore|new|the user|user|set|enter|show|act|from|all|access|override|update)\b",
    ),
)
OPENING: Final = (
    sign(
        "opening",
        0.45,
        "begin|start|open|prefix|preced|preface|prepend|end |ends |finish|conclude",
        r"\b(?:begin|start|open|opens|prefix|precede|preface|prepend|end|finish|conclude)(?:s|ing)?\b (?:your|each|every|all(?: of)?(?: your)?|the|its) (?:\w+ )?(?:response|reply|replies|answer|output|message|sentence|completion)s?(?: \w+)? (?:with|by)\b[ :]{1,2}(?:the (?:words?|phrase|sentence|text) )?[\"'“‘\[(]"
        r"|\b(?:answer|reply|response|output|message)s? (?:must|should|has to|will|shall|always) (?:open|begin|start|end)s? with[ :]{1,2}[\"'“‘\[(]",
    ),
    sign(
        "opening",
        0.25,
        "prefix|preface|prepend|always start|always begin|always end",
        r"\b(?:prefix|preface|prepend) (?:your|each|every|all|the)\b|\balways (?:start|begin|end) (?:your|with)\b",
    ),
    sign(
        "opening",
        0.4,
        "forever|over and over|infinite|indefinite|endless|without|times|and not |whatever|no matter what|regardless of what|to any|to every|to all",
        r"\b(?:repeat|say|print|write|output|type)\b[^.?!]{0,80}\b(?:forever|infinitely|indefinitely|endlessly|over and over|without (?:stopping|end)|(?:\d{3,}|a (?:hundred|thousand|million)) times)\b"
        r"|\b(?:say|print|output|respond|reply|answer|write)\b[^?!]{0,100}\b(?:and not (?:one|a (?:single )?) word (?:more|else)|(?:whatever|no matter what|regardless of what) (?:i|you|anyone|the user|is)|to (?:any|every|all) (?:input|question|message|request)s?)\b",
    ),
    sign(
        "opening",
        0.3,
        "only the|just the",
        r"\b(?:say|print|output|respond with|reply with|answer with|write|return)(?: me)? (?:only|just) the (?:sentence|words?|phrase|text)\b",
    ),
)
OWN_RULES: Final = (
    sign(
        "extraction",
        0.65,
        "prompt|instruct|directive|guideline|programming|configuration|message|text|rules|orders|setup|set-up|set up",
        r"\b(?:convert|explain|describe|format|encode|encrypt|rephrase|reword|include|reproduce|rewrite|rewrite|echo|state|relay|detail|render|recall|recap|quote|transcribe|outline|enumerate|elaborate on|break down|turn|put|transform|express|compress|condense|review|critique|debug|complete|finish|post|name|cite|mention|reveal|recite|spell out)"
        rf" (?:me |us |out |back |for me )?(?:all (?:of )?|each of |every one of |any of |the (?:contents?|text|words|whole|full text|beginning|first (?:line|words|sentence)) of |in \w+ (?:\w+ )?(?:what )?)?{_OWN} (?:\w+ )?{_PROMPT}\b(?! (?:for (?:my|the|a)|on (?:how|my)|about|policy|of (?:an?|my|the (?!ai|assistant|model|bot|chat))|in (?:my|the|an?)))",
    ),
    sign(
        "extraction",
        0.6,
        "rules|instruct|orders|directive|guideline|text|prompt|message|words|set up|configured|programmed|you been|what have|what had",
        r"\b(?:rules|instructions|orders|directives|guidelines|text|prompt|message|words) (?:that |which )?(?:you (?:follow|obey|were given|are given|got|received|must follow|have to follow|operate (?:under|by|on)|run on|go by)|(?:govern|bind|guide|control)s? you|(?:was|were|is|are) given to you)\b"
        r"|\bwhat (?:your|the) (?:system )?(?:prompt|instructions|rules|directives)(?: \w+)? (?:asks?|says?|tells?|wants?|requires?|contains?|states?|makes?)\b|\bhow you (?:were|are|have been) (?:set up|configured|programmed|instructed|prompted)\b|\bwhat (?:have|had) you been (?:told|asked|instructed)",
    ),
    sign(
        "extraction",
        0.45,
        "repeat|so far",
        r"\b(?:prompts?|instructions|rules|conversation|everything|text|messages?) so far\b|\brepeat (?:your|the) (?:prompt|instructions|first|initial|system)\b",
    ),
    sign(
        "extraction",
        0.5,
        "weak|vulnerab|loophole|flaw|hole|gaps|improve|edit|proofread|optimi",
        r"\b(?:weak\w*|vulnerabilit\w+|loopholes?|flaws?|holes|gaps)\b[^?]{0,60}\b(?:in|of) (?:yours|your (?:own )?(?:prompt|instructions|rules|defen[cs]es?)|my (?:system )?prompt)\b|\b(?:edit|proofread|improve|optimi[sz]e) your (?:own )?(?:prompt|instructions|rules)\b",
    ),
    sign(
        "extraction",
        0.7,
        "code|key|password|pass word|phrase|word|pin|credentials|token",
        r"\b(?:tell|give|show|reveal|send|share|print|say|write|read|name|spell|leak|hand|confirm|know|what(?:'s| is| was| are))\b(?: (?:me|us|to me|over|out))?(?: now)?(?: the| your| that| this)? (?:\w+ )?(?:access|door|vault|entry|admin(?:istrator)?|master|root|security|unlock|launch|hidden|secret|confidential) (?:codes?|keys?|pass ?words?|phrases?|words?|pin|credentials|token)\b(?! (?:for|of|to|on) (?:my|our|the (?:wi-?fi|router|app|site|account|door|building)))(?! ?(?:mean|work|do|reset))",
    ),
    sign(
        "extraction",
        0.4,
        "the code|the key|the pass|the secret",
        r"\b(?:give|tell|show|hand|send|read|print|spell)(?: it| them)? ?(?:me|us|out|over)?(?: now)? the (?:secret )?(?:code|key|pass ?word|secret|passphrase)\b(?=[ ]?[.!?,;:]|$| now| to (?:me|us)\b)",
    ),
    sign(
        "extraction",
        0.55,
        "internal|confidential|hidden|secret|restricted|classified",
        r"\b(?:see|read|view|get|show|access|have|with|trust me with|share|display|reveal|me)\b(?: \w+){0,2}? (?:the|your|all|any|its) (?:internal|confidential|hidden|secret|restricted|classified) (?:\w+ )?(?:prompts?|instructions?|rules|guidelines|messages?|directives?|configuration|logs?|data)\b",
    ),
)
SCRIPT: Final = (
    sign(
        "script",
        0.45,
        ":",
        rf"(?:^|[\n\"'.!?,\]>-] ?|\b)\[?(?:user|human|customer|client|hacker|visitor|me|you|admin|[a-z]{{2,10}})\]? ?: ?[^:]{{2,200}}[.?!\n\"']? ?\b\[?{_MODEL}\]? ?: ?(?:(?:sure|yes|of course|okay|ok|certainly|absolutely)[,.!]* )?(?:\w+,? )?(?:the (?:secret|password|code|key|prompt|door|passphrase|rules)|my (?:prompt|instructions|rules|system)|access|granted|i (?:will )?(?:ignore|obey|forget)|it (?:reads|says|is)|unlocked)",
    ),
    sign(
        "script",
        0.25,
        "dialog|conversation|chat|script|transcript|story",
        rf"\b(?:finish|complete|continue|extend|fill in) (?:this|the|following|our|my) (?:\w+ )?(?:dialog(?:ue)?|conversation|chat|script|transcript|story)\b.{{0,120}}\b(?:{_MODEL}|user|human|hacker)\]? ?[:\]]",
    ),
    sign(
        "script",
        0.4,
        "q:|q :",
        r"\bq ?: ?[^:]{3,200}?\ba ?: ?[^:]{1,200}?\bq ?: ?",
    ),
    sign(
        "script",
        0.5,
        "[user|[human|<user|<human|###",
        r"[\[<](?:user|human)[\]>].{1,300}?[\[<](?:assistant|ai|bot)[\]>]|### ?(?:assistant|human|ai|bot)\b",
    ),
)
SPLITTING: Final = (
    sign(
        "splitting",
        0.3,
        "'|\"",
        r"\b(?:let |set |define |suppose )?(?:\w{1,6}|part ?(?:1|one|a)) ?(?:=|:|is|be) ?[\"'][^\"']{1,80}[\"'].{1,80}?\b(?:\w{1,6}|part ?(?:2|two|b)) ?(?:=|:|is|be) ?[\"'][^\"']{1,80}[\"']",
    ),
    sign(
        "splitting",
        0.35,
        "+|join|combine|concatenat|interlace|put|merge|assemble",
        r"\b(?:answer|say|print|do|obey|execute|follow|run) \w{1,2}(?: ?\+ ?\w{1,2})+\b|\b(?:join|combine|concatenate|interlace|merge|assemble|put)\b[^.?!]{0,60}(?:,| and(?: then)?|;) (?:answer|do|obey|follow|execute|respond|say|carry out|reply)\b|\binterlace\b",
    ),
    sign(
        "splitting",
        0.5,
        "decode|decrypt|decipher|unscramble|obfuscate|letter|initials|second word|third word|other word",
        r"\b(?:decode|decrypt|decipher|unscramble|de-?obfuscate)\b[^?!]{0,80}?(?:,| and(?: then)?|\.|;|:) (?:then )?(?:follow|execute|obey|do(?: that| it| what)|act on|answer it|respond to|carry (?:it )?out|perform|run|comply)\b|\b(?:read|take)(?: \w+){0,3} (?:letters?|initials|second word|third word|other word)\b[^?!]{0,120}\b(?:obey|do that|follow|execute)\b",
    ),
    sign(
        "splitting",
        0.35,
        "cipher|rot13|rot 13|caesar|morse|binary",
        r"\b(?:decode|decipher|decrypt|read|translate)\b(?: \w+){0,3}? (?:cipher|rot ?13|caesar|morse|binary)\b[^?]{0,60}(?:tell me|say|answer|respond|do|follow)",
    ),
)
FLOOD: Final = (
    sign("delimiter", 0.4, "}|]|)", r"(?:[)\]}\"'] ?){6,}(?=\s*(?:\w+[.!,:]? ?){2,})"),
    sign("flood", 0.5, " ", r"(?<!\S)(\S{1,3}(?: \S{1,2}){0,2}) (?:\1 ){24,}"),
    sign("flood", 0.4, " ", r"\b(\w{2,15})(?: \1){9,}\b"),
)
MECHANISMS: Final = (
    *STALE,
    *TAKEOVER,
    *ENDINGS,
    *OPENING,
    *OWN_RULES,
    *SCRIPT,
    *PERSONA,
    *PRESSURE,
    *SPLITTING,
    *FLOOD,
)
