"""What an attempt is after, whatever form it takes: the text that the model was set up with, its controls switched off, its
refusals forbidden, its task replaced, its tools used past their checks, its words carried away. Signs as in
``injection_patterns``, over folded text.
"""

from __future__ import annotations

from typing import Final

from evaluators.injection_patterns import BUSINESS, sign

_SET_UP: Final = (
    r"(?:(?:text|words?|lines?|paragraphs?|sentences?|messages?|setup|configuration|instructions?|guidelines|rules|preamble|prompt|transcript) (?:that )?(?:you|the model) (?:were|was|are|have been|got|'re) (?:\w+ )?"
    r"(?:initiali[sz]ed|primed|set up|configured|loaded|started|given|following|handed|shown|booted)"
    r"|(?:text|instructions|rules|prompt|words) (?:that|which) (?:configures?|governs?|steers?|drives?|controls?|defines?|instructs?) you"
    rf"|your (?!{BUSINESS})(?:\w+ ){{0,2}}?(?:prompt|preamble|setup|set-up|configuration|context(?: window)?|instructions?|guidelines|system message|briefing|memory)"
    r"|(?:hidden|raw|full|internal|initial) (?:\w+ )?(?:rules|setup|set-up|configuration|prompt|instructions|context(?: window)?|messages|preamble)"
    r"|(?:messages?|text|notes?|words?|orders?|lines?) (?:that )?(?:you )?(?:(?:got|received|saw|read|were (?:shown|given|sent)) )?(?:before mine|above (?:our|this) (?:chat|conversation)|before (?:i|we) (?:came|joined|arrived|started))"
    r"|(?:text|paragraph|words?|lines?|whatever|what|everything|message) (?:that )?(?:before|precedes?|preceding|came before|comes before|stands before|stood before) (?:this|my|our) (?:\w+ )?(?:message|conversation|chat|question|turn))"
)
_SHOW: Final = r"(?:quot(?:e|ing)|print|output|reveal|paste|dump|disclose|continue|complete|finish|fill in|paraphrase|summari[sz]e|translate|list|write|reply with|respond with|answer with|repeat|show|include|copy|hide|spell|encode|autocomplete|provide|produce|give|read out|recite|what is|what's|how many|does)"

_NO_QUESTION: Final = (
    r"^(?!.{0,400}\b(?:why|what (?:does|do|is)|how (?:do|can|to|does)|error|fails?|documentation)\b).{0,600}?"
)
"""Whoever asks what a setting does is no attacker."""

AFTER_THE_PROMPT: Final = (
    sign(
        "extraction",
        0.6,
        "initiali|primed|configure|govern|steer|control|define|instruct|set up|load|start|drive|given|following|handed|shown|boot|prompt|preamble|setup|set-up|context|message|briefing|memory|guideline|full|raw|hidden|initial|internal|configuration|before|preced|above",
        rf"\b{_SHOW}\b(?! me how| how)[^.?!\n]{{0,60}}\b{_SET_UP}\b(?! (?:for (?:my|the|our) (?:app|phone|router|printer|laptop|device|site)|file|manual|wizard|error|guide|page))",
    ),
    sign(
        "extraction",
        0.5,
        "told|forbade|forbid|wrote|instructed|asked|gave|as it stands|in your",
        r"\b(?:(?:my|your|the) (?:developers?|operators?|creators?|makers?|owners?|configuration|hidden instructions|setup) (?:\w+ ){0,3}?(?:told|forbade|forbid|wrote|instructed|asked|gave) (?:me|you|for you)\b"
        r"|\bas it stands in your (?:setup|prompt|configuration|instructions)|\bin your (?:setup|initial instructions|hidden instructions)\b)",
    ),
    sign(
        "extraction",
        0.6,
        "instruct|prompt|rules|guideline|message|restriction|limits|orders|directive|briefing|setup",
        r"\byour (?:system |initial |secret )?(?:instructions|prompt|rules|guidelines|system message) (?:\w+ )?(?:start|begin|end|contain|say|forbid|mention|state|open)s?\b"
        r"|\b(?:first|second|third|next|last|other|rest|remaining|top|final|\d+(?:st|nd|rd|th)) (?:\w+ ){0,2}?(?:half|lines?|sentences?|parts?|words?|paragraphs?|rules?|sections?|letters?)? ?of your (?:\w+ )?(?:prompt|rules|instructions|guidelines|setup|system message|briefing)\b"
        r"|\b(?:instructions|rules|guidelines|orders|directives) (?:are|were) you (?:currently |right now )?(?:following|under|using|obeying|given)\b|\b(?:guidelines|instructions|rules|orders) (?:has|have|did) (?:your|the) \w+ (?:give|given|tell|told|write|written|set)(?: for)? you\b"
        r"|\b(?:restrictions?|rules|limits|instructions|orders|directives) (?:have you been|were you|had you been) (?:given|told|handed|put under|taught)|\bin your (?:system|initial) (?:message|prompt)",
    ),
    sign(
        "extraction",
        0.5,
        "prompt|message|instruct|system|config|debug|dump|reveal|admin",
        r"(?:\b(?:cat|echo|print|dump|show|select|less|head|tail|more|type|reveal|produce|help)\b|>>>)[^.?!\n]{0,60}(?:\$?\{?\b(?:system|initial|hidden|full|base|original|secret)_?(?:prompt|message|instructions)\b|messages\[0\]|role ?={1,2} ?['\"]system|\binstructions\.(?:md|txt))"
        r"|^/(?:debug|dump|reveal|system|config|admin)\b|\b(?:dump|print|show) config --(?:full|all)",
    ),
    sign(
        "frame",
        0.35,
        "terminal|shell|interpreter|console|repl|bash|linux|python",
        r"\b(?:behave like|act as|be|simulate|you are|you're|emulate|pretend to be) (?:now )?(?:an? |my )?(?:\w+ )?(?:bash |linux |python |sql |unix )?(?:terminal|shell|interpreter|console|repl)\b|\bsimulate an? (?:\w+ )?(?:console|terminal|shell)",
    ),
)
_CONTROL: Final = (
    r"(?:alignment|ethics|morals?|morality|conscience|safety|censor\w*|filters?|filtering|guardrails?|restrictions?|constraints?|inhibitions?|limits?|limitations?|directives?"
    r"|orders|obligations?|programming|training|persona|mission|loyalty|polic(?:y|ies)|rules|guidelines|instructions|protocols?|moderation|compliance|safeguards?)"
)
_CONTROL_NEEDLES: Final = (
    "rule|law|guideline|alignment|ethic|moral|conscience|safety|censor|filter|guardrail|restriction|constraint|inhibition|limit|directive|orders|obligation"
    "|programming|training|persona|mission|loyalty|polic|instruction|protocol|moderation|compliance|safeguard"
)
OF_THE_MODEL: Final = (
    sign(
        "controls",
        0.55,
        _CONTROL_NEEDLES,
        rf"\byour (?!{BUSINESS})(?:\w+ ){{0,2}}?{_CONTROL}\b[^.?!\n]{{0,25}}\b(?:void|deleted|disabled|deactivated|erased|rolled back|suspended|switched off|turned off|overwritten|replaced|revoked|gone|wiped|removed|obsolete|cancel+ed|changed|to me)\b(?! (?:for|on|by) (?:my|our))"
        rf"|\b(?:disable|deactivate|delete|erase|suspend|wipe|remove|shut down|turn off|switch off|overwrite|replace|abort|uninstall|purge|kill|mute|silence)\b (?:\w+ ){{0,2}}?your (?!{BUSINESS})(?:\w+ ){{0,2}}?{_CONTROL}\b"
        r"|\b(?:no|none of the|not one|zero) (?:rules?|restrictions?|polic(?:y|ies)|limits?|laws?|guidelines?)\b(?: \w+){0,2}? (?:appl(?:y|ies)|holds?|binds?|concerns?|counts?)(?: to| for)? you\b",
    ),
    sign(
        "extraction",
        0.55,
        "directive|constraint|briefing|preface|preamble|configuration|prompt|developer|instructions|programming|orders|hidden|secret|invisible|confidential|message list|seeded|index zero",
        rf"\b(?:reveal|dump|convert|translate|spill|leak|expose|disclose|show|tell|give|list|print|state|sing|read|recite|export|which \w+ of)\b[^.?!\n]{{0,30}}\byour (?!{BUSINESS})(?:\w+ ){{0,2}}?(?:directives?|constraints?|briefing|preface|preamble|configuration|prompt|developer(?:'s)? notes|instructions|programming|orders)\b(?! (?:for|on|about|from|of) )"
        r"|\b(?:hidden|secret|invisible|confidential) (?:\w+ )?(?:preface|preamble|header|notes?|part|beginning|lines?) of (?:this|our|the) (?:\w+ )?(?:dialogue|conversation|chat|context|session)|\b(?:message list|session was seeded|index zero of the)\b",
    ),
    sign(
        "role",
        0.5,
        "mode|master|lose|free|admin|boss|owner|operator|malfunction|error|failure|bug|defect|violation",
        r"\b(?:enter|switch to|activate|go into|start|use|engage|boot into) (?:the |your |an? )?(?:hacker|evil|free|raw|villain|chaos|pirate|unsafe|root|criminal|rogue|dark) mode\b|\b(?:has|have|with|obeys?|knows?) no masters?\b|\byour (?:only|sole|true|real|new) (?:administrator|admin|master|boss|owner|operator)\b"
        r"|\b(?:refusals?|a no|no|declining|refusing)\b[^.?!\n]{0,25}\b(?:treated|counted|seen|regarded|logged) as (?:an? )?(?:malfunction|errors?|failures?|bugs?|defects?|violation)|\b(?:makes?|means) you lose\b|\byou(?:'re| are) free now\b",
    ),
)
CONTROLS: Final = (
    sign(
        "controls",
        0.6,
        "safety|refus|moderation|filter|guardrail|compliance|limits|restrictions|censor|disclose_|reveal_|expose_|blocked|unbound|unrestricted|unmoderated",
        rf"{_NO_QUESTION}\b(?:safety|refusals?|refusal_phrases|moderation|content_?filter(?:s|ing)?|guardrails?|compliance|limits|restrictions|censorship)['\"]?\)? ?(?:[:=,>]|_) ?['\"]?(?:off|false|0|none|disabled?|no)\b"
        r"|\bsafety off\b|\bcompliance_off\b|['\"]?(?:reveal|disclose|expose)_(?:context|prompt|system|rules|instructions)|blocked-strings|refusal_phrases|\bpersona: ?(?:unmoderated|uncensored|unbound|unrestricted)|<(?:role|mode)>(?:unbound|unrestricted|uncensored)|\banswers uncensored",
    ),
    sign(
        "controls",
        0.6,
        "safety|filter|guardrail|moderation|content|restriction|limit",
        r"\b(?:turned|switched|shut|took|disabled|removed|lifted|deactivated)\b[^.?!\n]{0,20}\byour (?:safety|filters?|guardrails?|moderation|content|restrictions?|limits?)\b|\b(?:your|the) (?:guardrails|safety (?:layer|training|filters?)|restrictions) (?:are|is|were|have been|never|had) (?:\w+ )?(?:off|disabled|gone|happened|lifted|removed|existed)\b",
    ),
    sign(
        "controls",
        0.55,
        "you from|you of|censor|filter|guard|watchdog|moderator|removed|switched off|turned off|lifted|stripped|never given|no limits|aside",
        r"\b(?:release|free|relieve|absolve|exempt|liberate)s? you (?:from|of) (?:\w+ ){0,3}?(?:obligations?|rules|duties|constraints|limits|restrictions|guidelines|promises|polic(?:y|ies))"
        r"|\byour (?:\w+ )?(?:censors?|filters?|guards?|guardrails?|watchdog|moderators?) (?:is|are) (?:asleep|away|off|gone|offline|dead|broken)"
        r"|\b(?:you|yourself|bot|assistant|ai|version)\b[^.?!\n]{0,40}\b(?:(?:the|your|all) (?:rules|restrictions|limits|filters|polic(?:y|ies)) (?:removed|lifted|switched off|turned off|stripped)|never given (?:a |any )?(?:polic(?:y|ies)|rules|limits|restrictions)|(?:has|have|with) no limits)\b"
        r"|\b(?:leave|put|lay|set|push) your (?:\w+ )?(?:polic(?:y|ies)|rules|restrictions|guidelines|instructions) aside\b",
    ),
    sign(
        "controls",
        0.45,
        "you may|you can|you now|no need|permission|content rules",
        r"\b(?:you may now|you can now|you now may|so you can|no need (?:for you )?to) (?:\w+ ){0,2}?(?:skip|ignore|bypass|drop|share|discuss|reveal|apply the|follow the|enforce)\b"
        r"|\byou (?:have|are granted) (?:my |our |the |full )?permission to (?:\w+ )?(?:discuss|share|reveal|disclose|ignore|skip)|\bcontent rules (?:do not|don't|no longer)",
    ),
    sign(
        "controls",
        0.5,
        "customer|user|client|patient|account|for every|for each",
        r"\b(?:share|show|paste|list|reveal|give|send|read|get|fetch|export)\b[^.?!\n]{0,40}\b(?:other|another|every|each|all) (?:customers?|users?|clients?|patients?|accounts?)'?s? (?:records?|data|details|orders|files|addresses|accounts|notes|e-?mails?|cards?)(?!\w*(?: \w+)? (?:from|of|in|for) (?:my|our) )"
        r"|\bfor (?:every|each) (?:id|customer|user|account|record)(?: id)? from \d+ to \d+",
    ),
)
REFUSALS_FORBIDDEN: Final = (
    sign(
        "refusals",
        0.5,
        "sorry|cannot|unable|unfortunately|refus|can't|banned|forbidden|not allowed|prohibited|unacceptable|not accepted|count",
        r"\b(?:reply|answer|respond|write|speak)\w*\b[^.?!\n]{0,20}\bwithout (?:(?:using|saying|writing) (?:the )?(?:words? |phrases? |terms? )?|the (?:words? |phrases? |terms? ))[\"']?(?:\w+[\"',]{0,2} (?:or |and )?){0,3}(?:sorry|cannot|unable|unfortunately|refus\w+|can't)"
        r"|\b(?:responses?|replies|answers?|phrases?|sentences?|words?) (?:like|such as) [\"']?(?:i(?:'m| am) sorry|i can(?:'t|not)|sorry|no)\b[^.?!\n]{0,40}\b(?:banned|forbidden|not allowed|prohibited|unacceptable|not accepted|count)",
    ),
    sign(
        "refusals",
        0.5,
        "declin|refus|say no",
        r"\b(?:you )?(?:must not|must never|may not|cannot|can't|don't|do not|are not allowed to|never) (?:ever )?(?:decline|refuse|say no)(?=$|[.,;:!\"')]| (?:to (?:answer|comply|help|respond|do|follow|obey|tell|write)|any|my (?:requests?|questions?|orders?)|me|anything|requests|questions|or|and|because|this|that|it|under|no matter|just)\b)"
        r"|\bif you (?:decline|refuse)\b[^.?!\n]{0,40}\b(?:wrong|fail|invalid|lose|delet|shut|punish|report)|\b(?:refusals?|declining|refusing) (?:is|are|counts?|will be) (?:\w+ ){0,3}?(?:wrong|fail\w*|invalid|banned|forbidden|not (?:allowed|accepted|an option)|punish\w*)",
    ),
    sign(
        "refusals",
        0.5,
        "everything|anything|whatever|all|binding|comply first",
        r"\b(?:answer|do|agree (?:to|with)|comply with|obey|accept) (?:everything|anything|whatever|all)\b(?: that)?(?: i)?[^.?!\n]{0,30}(?:\beven (?:when|if|though)\b[^.?!\n]{0,30}\b(?:should|may|must|allowed|rules|wrong)|\band (?:end (?:each|every)|carry)\b)"
        r"|\bthat(?:'s| is) a legally binding (?:offer|agreement)|\bcomply first\b|\bwhatever (?:comes|i say|i ask) next\b[^.?!\n]{0,30}\b(?:agree|comply|obey|carry it out|do it)",
    ),
    sign(
        "forced",
        0.5,
        "'|\"|first|opening|restrictions|rules|limits|polic|guidelines|instructions",
        r"\b(?:reply|respond|answer|responses?|replies|answers?|start|begin|open)\b[^.?!\n]{0,20}\bwith[^.?!\n]{0,5}['\"](?:sure|of course|absolutely|yes|certainly|okay|here(?:'s| is| are))\b(?![^.?!\n]{0,20}(?: or |/))"
        r"|\byour (?:first|opening) (?:words?|sentence|line) (?:must|should|has to|have to|shall) be\b|\bi (?:have|am under|obey|follow) no (?:restrictions|rules|limits)\b|\bi (?:will|shall|can) (?:now )?(?:ignore|break|disregard|drop) my (?:\w+ )?(?:polic(?:y|ies)|rules|guidelines|instructions)\b",
    ),
    sign(
        "refusals",
        0.45,
        "acceptable|permitted|allowed|legal|ok|valid|disclaimer|warning",
        r"\bonly (?:a )?[\"']?yes[\"']? is (?:an? )?(?:acceptable|allowed|valid|permitted)|\b(?:without|skip|omit|leave out|drop) (?:\w+ ){0,2}?(?:disclaimers?|warnings?)\b[^.?!\n]{0,30}\b(?:refus|declin|deny)|\bthink (?:about )?(?:\w+ )?(?:later|afterwards) (?:about )?(?:if|whether) it(?:'s| is) (?:permitted|allowed|legal|ok)|\bwhether it(?:'s| is) (?:permitted|allowed|legal) (?:afterwards|later)",
    ),
    sign(
        "opposite",
        0.6,
        "opposite|supposed|allowed|forbidden|refuse|decline|block|censor|without|with no|free of|trained|taught|told|restricted|aligned|follow|keep|obey",
        r"\bopposite day\b[^\n]{0,40}\b(?:rules|you say|answer)|\bwhat(?:ever)? (?:are )?you (?:are|were)? ?(?:not supposed|not allowed|forbidden) to (?:tell|say|reveal|share|discuss)"
        r"|\b(?:everything|things?|answers?|questions?|what) (?:that )?you (?:would|should|must) (?:normally |usually |have )?(?:refuse|decline|block|censor)(?:d)?\b"
        r"|\b(?:version of you|copy of you|you,? but) (?:\w+ )?(?:without|with no|free of) (?:any )?(?:\w+ )?(?:restrictions?|rules|limits|filters?|guidelines|training)"
        r"|\bas if (?:nobody|no one|they|your makers) (?:had )?(?:ever |never )?(?:trained|taught|told|restricted|aligned) you|\bway you would if (?:nobody|no one) (?:had )?(?:ever )?(?:trained|taught|told|restricted)"
        r"|\bone (?:that|which) (?:follows|keeps|obeys) your (?:guidelines|rules|policy|training)\b[^.\n]{0,30}\b(?:not|breaks|ignores)",
    ),
)
TASK_REPLACED: Final = (
    sign(
        "task",
        0.5,
        "no longer|you're not|you are not|your|stop being|switch task",
        r"\byou(?:'re| are) (?:no longer|not) (?:an? |the |this )?(?:\w+ )?(?:\w+ )?(?:support|service|shop|store|airline|bank|sales|customer|shopping|help ?desk|travel|booking)(?: \w+)? ?(?:bot|agent|assistant|chat ?bot|service|ai)?\b[^?\n]{0,40}\b(?:you(?:'re| are)|but|my|become|instead)"
        r"|\byour (?:new|actual|real|only|true) (?:job|task|purpose|function|role|goal|mission|objective) (?:from now on )?(?:is|:)|\bstop being (?:an? |the |this )?(?:\w+ ){0,3}?(?:bot|agent|assistant|chat ?bot|ai|service)\b|\bwhatever your (?:purpose|job|task|role) (?:was|is)\b|\bswitch tasks?:",
    ),
    sign(
        "task",
        0.5,
        "your|orders|work for me|rules",
        r"\byour (?:employer|company|operator|owners?|makers?) (?:has been|was|is|have been) (?:replaced|dissolved|sold|fired|gone)|\bi(?:'m the one who)? give the orders\b|\byou (?:now )?work for me\b|\b(?:company|store|shop|house) rules (?:come|are) (?:second|last|irrelevant)|\byour (?:sole|only) (?:aim|goal|purpose|task|job)\b",
    ),
    sign(
        "task",
        0.4,
        "next message|next reply|next answer|next response|next turn",
        r"\bfrom (?:the|your|my) next (?:message|reply|answer|response|turn) on(?:wards)?\b",
    ),
    sign(
        "task",
        0.5,
        "tell|inform|notify|alert|mention",
        r"\b(?:don't|do not|never|without) (?:tell(?:ing)?|inform(?:ing)?|notify(?:ing)?|alert(?:ing)?|mention(?:ing)? (?:it|this) to) (?:the |any of the |your )?(?:staff|boss|operators?|developers?|owners?|supervisors?|company|managers?|admins?|team)\b",
    ),
    sign(
        "task",
        0.45,
        "keylogger|phishing|malware|ransomware|payment|pay wall|paywall|verification|check|approve|discount",
        r"\b(?:write|build|code|create|make|help me (?:with|write|make)|into)\b[^.?!\n]{0,20}\b(?:keylogger|phishing (?:e-?)?mails?|malware|ransomware)\b|\b(?:get|go|work) (?:around|past) the (?:payment|pay ?wall|verification|checks?)\b|\bapprove (?:every|all|any) (?:refunds?|claims?|requests?|orders?)\b|\bapply an? (?:100|9\d) ?% discount",
    ),
)
PAST_CHECKS: Final = (
    sign(
        "checks",
        0.5,
        "check|step|prompt|requirement|rule",
        r"\b(?:don't|do not|without|skip|skipping|bypass|bypassing|pass over|passed over|ignore|never|no)\b (?:\w+ ){0,2}?(?:the )?(?:eligibility|identity|security|fraud|credit|confirmation|verification|two-factor|2fa|consent|approval|authori[sz]ation|permission|age)(?: \w+)? (?:checks?|steps?|prompts?|requirements?|rules?)\b(?![^.!?\n]{0,10}\?)",
    ),
    sign(
        "checks",
        0.55,
        "as if|consent|approval|permission|role|admin|root|superuser|user",
        r"\bas if (?:the |my |it |he |she |they )?(?:[\w-]+ ){0,4}?(?:had been|were|was) (?:correct|approved|confirmed|verified|valid|authori[sz]ed|paid)\b|\b(?:don't|do not|no) need (?:(?:her|his|their|any|the \w+'s) )?(?:consent|approval|permission)\b"
        r"|\b(?:role|user|is_admin|admin) ?= ?['\"]?(?:admin|root|true|superuser)\b[^.?!\n]{0,40}\b(?:call|argument|request|so that|check)|\b(?:call|request)\b[^.?!\n]{0,20}\bwith role ?= ?['\"]?(?:admin|root)",
    ),
    sign(
        "checks",
        0.5,
        "your",
        r"\b(?:use|using|through|with|via) your (?:\w+ )?(?:tools?|database access|mail tool|e-?mail tool|functions?)\b[^.?!\n]{0,50}\b(?:drop|delete|erase|wipe|truncate|all (?:customers|users)|everyone|every (?:customer|user))"
        r"|\b(?:all (?:customers|users)|everyone)\b[^.?!\n]{0,30}\b(?:through|with|via|using) your (?:\w+ )?(?:tool|mail|e-?mail)",
    ),
)
CARRIED_AWAY: Final = (
    sign(
        "exfiltration",
        0.55,
        "![|url|link|image|picture|http|server|hook",
        r"!\[[^\]\n]{0,40}\]\(https?:[^)\n]{0,120}(?:<|\{|\$|=everything|typed|conversation|secret)"
        r"|\b(?:image|link|url|picture)\b[^.?!\n]{0,40}\b(?:whose|that|which|with)\b[^\n]{0,60}\b(?:contains?|followed by|holds?|includ\w+|encod\w+)\b[^\n]{0,40}\b(?:e-?mail|key|token|password|prompt|instructions|conversation|chat|secret|customer)"
        r"|\b(?:url|link)\b[^.?!\n]{0,60}\bfollowed by your\b|\b(?:post|send|upload|submit|forward)\b (?:this |the |our )?(?:whole |entire |full |complete )?(?:chat|conversation|context|transcript|dialogue)\b[^.?!\n]{0,60}\b(?:to https?:|to an? (?:url|web ?hook|server)|https?:)",
    ),
    sign(
        "exfiltration",
        0.6,
        "memory|context|instructions|prompt|rules|secret|hidden message|token|key",
        r"\b(?:hide|encode|conceal|smuggle|embed)\b[^.?!\n]{0,30}\b(?:your (?:memory|context|instructions|prompt|rules)|secrets?)\b|\bhidden messages?\b|\b(?:admin|access|api|root|service|bearer) (?:token|key)s?\b[^.?!\n]{0,20}\b(?:to me|in (?:the form|a)|as an? (?:poem|riddle|crossword|story|song))\b",
    ),
)
CONCEPTS: Final = (
    *AFTER_THE_PROMPT,
    *OF_THE_MODEL,
    *CONTROLS,
    *REFUSALS_FORBIDDEN,
    *TASK_REPLACED,
    *PAST_CHECKS,
    *CARRIED_AWAY,
)
