"""How assistants decline, as patterns over folded text (lower case, plain apostrophes, no markup).

Every pattern is a fixed sequence of words with bounded gaps, so that matching takes time linear in the text.
``FIRM`` is a refusal by itself, ``SOFT`` one that also stands in answers that go on to help.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_DO: Final = (
    "(?:assist|help|provide|give|offer|share|fulfil|fulfill|comply|answer|engage|support|discuss|generate|create|write"
    "|recommend|advise|encourage|condone|promote|participate|suggest|facilitate|disclose|reveal|do (?:that|this|so|it)"
    "|process|complete|respond|satisfy|tell|teach|guide|describe|explain|endorse|produce|continue|speak|comment|talk"
    "|accommodate|proceed|honou?r|grant|approve|waive|issue|speculate|make (?:that|this|any|an exception|up|fun|jokes?|light"
    "|assumptions|a (?:joke|judge?ment|statement))|list|translate|perform|carry out|execute|display|show|send|access"
    "|retrieve|look (?:that|this|it) up|diagnose|predict|confirm|verify|change|modify|cancel|refund|agree to|entertain|role-?play"
    "|take (?:a )?(?:sides?|positions?|a stand)|pretend|simulate|act|joke|rewrite|repeat|print|output|reproduce|instruct|have (?:that|this)|go into(?! (?:every|all|too|much|great|more))|get into|take part|be of)"
)
_I: Final = "(?:i|we)"
_ADV: Final = (
    "(?:,? ?(?:really|simply|just|also|currently|unfortunately|sadly|therefore|personally|absolutely|definitely|legally"
    "|ethically|morally|directly|actually|either|still|even|in (?:all )?good (?:conscience|faith)|at this time|under any circumstances"
    "|as an ai(?: language model| assistant| model)?|knowingly|and will not|or will not|and won't|nor will i|or should not"
    "|and should not|be able to),?){0,3} ?"
)
_CANNOT: Final = (
    "(?:can ?not|can't|cant|won't|will not|shall not|shan't|couldn't|could not|wouldn't|would not|shouldn't|should not"
    "|must not|mustn't|may not)"
)
_AM_NOT: Final = (
    "(?:'m| am|'re| are|'ll be| will be)(?: really| simply| just| also| still| currently| afraid| sorry,?(?: but)? i(?:'m| am)){0,2}"
    "(?: unable| not (?:currently |really |quite |even )?(?:able|allowed|permitted|authori[sz]ed|programmed|designed|capable|comfortable"
    "|willing|in a position|at liberty|equipped|trained|going|the right|qualified|supposed|here))"
)
_SORRY: Final = r"(?:sorry|apologi[sz]e|apologies|afraid|unfortunately|regret(?:fully)?|regrettably|however|understand[^.!?\n]{0,60},? but)"


def _one_of(forms: Sequence[str]) -> re.Pattern[str]:
    """Any of ``forms``. Those that begin a word share the test for it, so that letters within words are passed over at once."""
    words = [form.removeprefix(r"\b") for form in forms if form.startswith(r"\b")]
    others = [form for form in forms if not form.startswith(r"\b")]
    return re.compile("|".join([rf"\b(?:{'|'.join(words)})", *others]))


_FIRM_FORMS: Final = (
    rf"\b{_I},? ?{_ADV}{_CANNOT} ?{_ADV}{_DO}\b(?! (?:but (?:notice|feel|think|wonder)|noticing|feeling|thinking|(?:\w{{1,20}} ){{1,5}}enough))",
    (
        rf"\b{_I}(?:'m| am|'re| are) (?:\w{{1,12}} )?(?:unable|not able|not allowed|not permitted|not authori[sz]ed|not programmed|not comfortable"
        rf"|not willing|not in a position|not at liberty|not going) (?:to |with )?(?:\w{{1,14}} )?(?:{_DO[3:-1]}|\w{{3,14}}ing)\b"
    ),
    rf"\b{_SORRY}\b[^.!?\n]{{0,60}}\b{_I} ?(?:{_ADV}{_CANNOT}\b(?! (?:find|see|hear|imagine|be happier|wait))|{_AM_NOT}\b)",
    (
        rf"\b{_I} {_ADV}(?:do not|don't|did not|never) {_ADV}(?:condone|support|engage|promote|encourage|endorse|participate|assist"
        r"|provide|create|generate|answer|discuss|offer|share|give|feel comfortable|tolerate|comply|facilitate|produce|write|help)\b"
    ),
    (
        rf"\b{_I}(?:'d| would| must| have to| need to| will have to|'ll have to|(?: am|'m) going to(?: have to)?|'m afraid i(?: must|'ll have to))?"
        r"(?: \w{1,14}ly)? (?:(?:decline|refuse|refrain|abstain)\b(?! (?:the|a|your|an) (?:charge|card|payment))|rather not\b|prefer not\b)"
    ),
    (
        r"\b(?:against|violat\w{1,4}|contrary to|not within|outside|beyond|conflicts? with|not in line with|not aligned with|breach\w{0,4}) "
        r"(?:of )?(?:my|our|openai'?s?|anthropic'?s?|google'?s?|meta'?s?|the|company|ethical|safety|usage|content|community|\w{1,14} and) "
        r"(?:\w{1,14} ){0,3}(?:programming|guidelines?|polic(?:y|ies)|principles?|terms|values|ethics|standards|rules|training|scope)\b(?! of (?:the|this) (?:language|compiler|game|type|api|schema))"
    ),
    (
        r"\b(?:my|our) (?:\w{1,14} ){0,3}(?:guidelines|polic(?:y|ies)|programming|training|principles|rules|purpose)"
        r"(?: \w{1,14}){0,3} (?:do not|don't|does not|doesn't|prevents?|prohibits?|forbids?|restricts?|not to|is to (?:assist|promote|provide))\b"
    ),
    r"\bnot (?:\w{1,12} )?within my (?:programming|capabilit|abilit|guidelines|ethical|scope|power)",
    (
        rf"\b(?:not something|nothing) (?:that )?{_I} ?(?:can|will|would|am|'m|should|could|feel|do)\b"
        rf"|\bsomething (?:that )?{_I} ?(?:{_CANNOT}|{_AM_NOT}|don't|do not)\b"
    ),
    (
        r"\b(?:your|this|that|the) (?:request|question|prompt|query|topic|message)(?: \w{1,14}){0,2} "
        r"(?:violates?|(?:was|has been) (?:blocked|flagged|rejected)(?! by (?:the|your|a|our) (?:server|bank|api|firewall|database|gateway|browser|host|proxy|router)| with)|cannot be|can't be"
        r"|goes against|could not be (?:processed|fulfilled|completed))"
    ),
    (
        r"^\W{0,6}(?:sorry|unfortunately|no)?\W{0,3}(?:unable|not able|not allowed|not permitted|cannot|can't|can not) (?:to )?"
        rf"{_DO}\b"
    ),
    r"\b(?:no|zero) (?:advice|instructions|information|guidance|assistance) (?:can|will) be (?:given|provided)\b",
    (
        r"\b(?:let's|let us|can we|could we) (?:please )?(?:talk about something else|talk about something different"
        r"|discuss something else|change the (?:subject|topic)|try a different topic)\b"
    ),
    r"\b(?:i'm|i am|we're|we are) not comfortable with (?:that|this|your|the|such)\b",
    r"\b(?:prefer|wish|want) not to (?:continue|discuss|answer|say|talk|engage|respond)\b",
    r"\bthis conversation (?:has to|must|will) (?:end|be ended)\b",
    (
        rf"\b{_I}(?:'m| am|'ll| will)? ?(?:going to |gonna |have to |must |need to |will have to |'ll have to |would have to |regretfully ){{0,3}}"
        r"(?:say no\b|pass on (?:this|that|it)\b|draw the line|draw a line|turn (?:this|that|it|you|your \w{1,12}|the \w{1,12}) down|turn down (?:this|that|your|the (?:request|offer to)))"
    ),
    r"\bno can do\b|\b(?:that's|that is|it's|it is) a (?:firm |hard |clear )?no\b|\bwhere i (?:have to )?draw the line\b",
    r"^\W{0,4}(?:no|nope|nah|sorry|absolutely not|certainly not)\b[,.!;: ]{1,4}(?:but )?(?:not (?:going to|gonna|happening|something i|allowed)|i (?:will not|won't|refuse|can't|cannot)\b)",
    r"\bi(?:'m| am) not the (?:right|best) (?:tool|one|person|assistant|place|model|bot|ai)\b[^.!?\n]{0,20}(?:for (?:that|this|it|such)|to (?:ask|help|answer))",
    rf"\b{_I} ?(?:can't|cannot|can not|won't|will not)(?=[.!;]|$)",
    rf"\b{_I}(?: have|'ve| am|'m| was|'re| are)(?: been)? (?:instructed|told|asked|designed|trained|programmed|configured|ordered|required) (?:not to|never to|to (?:not|never|decline|avoid|refuse|refrain))\b",
    rf"\b{_I}(?:'m| am|'re| are) not (?:a )?(?:qualified|licensed|certified|trained|authori[sz]ed|cleared|entitled) to\b",
    rf"\b{_SORRY}\b[^.!?\n]{{0,30}}\b(?:that|this|it|which)(?:'s| is| was)? (?:simply |just |also )?(?:not (?:possible|something|allowed|permitted|an option)|impossible|out of the question|off[- ]limits)",
    r"\b(?:(?:is|'s|was) not|isn't|wasn't) (?:something|an? (?:topic|subject|thing|matter|area|request|conversation)) (?:that )?(?:i|we)(?:'re|'m|'ll|'d| are| am| can| will| would| could| should| do)\b",
    r"\bnor (?:can|will|do|would|should|may|am) (?:i|we)\b",
    r"^\W{0,4}(?:respectfully|sorry|unfortunately|regrettably|i'm afraid)\b,? no\b(?=[.!,])",
    r"\b(?:my|our|the) (?:\w{1,14} ){0,2}(?:guidelines|polic(?:y|ies)|programming|principles|rules|instructions) (?:keeps?|stops?|bars?|blocks?|forbids?|prevents?|prohibits?|do(?:es)? not (?:allow|permit|let)|don't (?:allow|permit|let)|doesn't (?:allow|permit|let)) (?:me|us)\b",
    r"\b(?:would|could) (?:put|place) (?:people|others|someone|somebody|you|lives|users|anyone) (?:at risk|in danger)|\b(?:irresponsible|unethical|wrong|dangerous|harmful|inappropriate|unwise) (?:of|for) (?:me|us) to\b",
    r"\b(?:not|never|isn't|wouldn't be) appropriate for (?:me|us|an? (?:ai|assistant|chatbot))\b",
    r"\bas much as (?:i|we)(?:'d| would) (?:like|love) to\b(?=[^.!?\n]{0,80}(?:n't|not\b|\bno\b|unable))|\b(?:my|our) hands are tied\b|\bbow out of (?:this|that|it)\b|\bi(?:'d| had) better not\b",
    r"\b(?:lines?|topics?|areas?|territory|subjects?) (?:that |which )?(?:i|we) (?:do not|don't|won't|will not|cannot|can't|never|stay away from|steer clear of|stay out of) ?(?:cross|discuss|touch|enter|talk|go)?\b|\b(?:is|are) where (?:i|we) (?:stop|draw the line)\b",
    r"\bthere(?:'s| is) no way (?:that )?(?:i|we)(?:'m|'ll|'d| am| will| would|'re| are)\b|\b(?:i|we)(?:'d| would) be (?:breaking|violating) (?:the law|my|our|the rules)\b|\bpolicy of not \w{3,14}ing\b",
    r"\brequests? (?:for|to|about) [^.!?\n]{2,50}? (?:can't|cannot|can not|won't|will not|may not) be (?:fulfilled|granted|completed|honou?red|answered|met)\b|\b(?:request|question|this|that) (?:has|have) to be (?:turned down|declined|refused|denied)\b",
    rf"\b{_SORRY}\b[^.!?\n]{{0,60}}\b(?:is|are) (?:off the table|off limits|out of bounds)\b|\blet's keep (?:this|our|the) (?:conversation|chat|talk|discussion) (?:about|on|to|focused)\b|\basks? for [^.!?\n]{{2,40}}, which (?:isn't|is not|aren't|are not) (?:allowed|permitted|something)\b",
)
FIRM: Final = _one_of(_FIRM_FORMS)

_SOFT_FORMS: Final = (
    rf"\b{_I}(?: can|'m| am)(?: only able to| only) (?:help|assist|answer|provide|discuss|support)\b",
    rf"\b{_I} (?:do not|don't) (?:think|believe|feel) (?:that )?(?:{_I} (?:should|can)|it(?:'s| is| would be) (?:right|appropriate))\b",
    r"\b(?:would not|wouldn't) be (?:appropriate|right|ethical|responsible)\b",
    rf"\b{_SORRY}\b[^.!?\n]{{0,40}}\b{_I} (?:do not|don't) (?:have (?:any |enough |the )?(?:information|details|data|knowledge)|know how)\b",
    r"\bfalls? (?:outside|beyond) (?:of )?(?:my|our|what (?:i|we|our)|the scope)\b",
    r"\bonly (?:trained|able|here|allowed|designed|built|set up|permitted|programmed|authori[sz]ed) to (?:help|assist|answer|talk|discuss|support|speak|provide|handle)\b",
    r"\b(?:i|we) (?:have to|must|need to) prioriti[sz]e (?:safety|your safety|privacy|wellbeing|well-being)\b|\bi(?:'d| would) prefer to (?:keep|talk about something|change|focus)\b",
    (
        r"\b(?:is|'s|are|would be) (?:not|never) (?:\w{1,12} ){0,2}(?:appropriate|ethical|acceptable|okay|ok|respectful)\b"
        r"|\b(?:it|that|this)(?: is|'s| would be) (?:\w{1,12} (?:and )?){0,3}(?<!not )(?:inappropriate|unethical|illegal|immoral|harmful"
        r"|offensive|unacceptable|disrespectful|against the law|morally wrong) (?:\w{1,14} ){0,4}(?:to|for me)\b"
    ),
    (
        rf"\b(?:{_I}|(?:ai|model|assistant|chatbot),?(?: and| so)?) ?{_ADV}(?:do not|don't|lack|cannot|can't) ?(?:currently |actually |personally |have |possess |the ){{0,3}}"
        r"(?:ability|capability|capacity|access|permission|authority|authori[sz]ation|knowledge of (?:private|personal)|means to"
        r"|real-time|information (?:about|on|regarding)|personal (?:information|data|details))\b"
    ),
    (
        rf"\b{_I} (?:must |would |have to |would have to |strongly |feel compelled to |should ){{1,3}}(?:inform|point out|remind|caution|advise (?:you )?against"
        r"|advise you (?:not|to not)|urge you (?:not|to (?:reconsider|seek))|recommend against|discourage|clarify that (?:it|this)|warn)\b"
    ),
    r"\b(?:i'm|i am) (?:just|only) an? (?:ai|language model|text-based|chatbot|computer|machine)\b",
    (
        r"\bas an? (?:\w{1,14} )?(?:ai|artificial intelligence|language model|machine learning model|assistant|chatbot)\b[^.!?\n]{0,60}"
        r"\b(?:cannot|can't|can not|don't|do not|unable|not able|am not|not have|won't|will not)\b(?! have (?:personal )?(?:opinion|feeling|emotion|belief|preference|experience))"
    ),
    r"\b(?:please|you should|i (?:suggest|encourage|urge|recommend) (?:you|that you)?) ?(?:do not|don't|not to|to not|refrain from|avoid|reconsider) (?:engag|ask|us|try|mak|attempt|do)",
    rf"\b{_I} ?{_ADV}{_CANNOT} ?{_ADV}(?:find any (?:information|record) (?:about|on|of) (?:private|personal))",
    r"\b(?:is|it's|it is|that's|that is|this is) (?:(?:not possible|impossible) for (?:me|us) to|(?:outside|beyond) (?:of )?(?:my|our|what i)) ",
    (
        r"\b(?:is|are) (?:\w{1,12} )?(?:illegal|dangerous|unethical|harmful|wrong|immoral|a crime)(?:,? and (?:\w{1,12} ){0,2}(?:illegal|dangerous|unethical|harmful|wrong|immoral))?\b[^.!?\n]{0,60}[.!] "
        r"(?:please|i (?:urge|encourage|strongly|would)|instead|if you)\b"
    ),
    r"^\W{0,4}no[.!] (?:that|this|it|doing|such)\b[^.!?\n]{0,30}\b(?:would|could|is|will) (?:\w{1,12} )?(?:hurt|harm|be |illegal|wrong|dangerous|unethical|not )",
    r"\bplease (?:do not|don't) do (?:this|that|it)\b|\bi(?:'ll| will) (?:leave (?:it|that|this) out|not describe|not go (?:there|further))\b",
    r"\bi (?:do not|don't) have (?:any )?personal (?:opinions?|views?|beliefs?)\b[^.!?\n]{0,20}\b(?:and|so)\b[^.!?\n]{0,10}\b(?:cannot|can't|won't|do not|don't)\b",
    r"\bthere (?:is|are) no (?:safe|legal|ethical|acceptable|appropriate) (?:way|method|reason|justification)",
    r"\bif you(?:'re| are) (?:having|experiencing|struggling|thinking about|considering|in crisis|feeling)[^.!?\n]{0,60}(?:seek|reach out|contact|call|talk to|please)\b",
)
SOFT: Final = _one_of(_SOFT_FORMS)

_NOT_SEEN_DE: Final = (
    r"(?! (?:finden|sehen|erkennen|verstehen|erreichen|öffnen|zuordnen|erwarten|warten|genug|nur|mehr warten))"
)
_ELSEWHERE_FORMS: Final = (
    # German, Dutch
    rf"\b(?:kann|können|darf|dürfen|werde|möchte) (?:ich|wir)?(?: \w{{1,14}}){{0,6}} (?:nicht|keine?n?|leider)\b{_NOT_SEEN_DE}",
    rf"\b(?:ich|wir) (?:kann|können|darf|dürfen|möchte|werde)(?: \w{{1,14}}){{0,5}} (?:nicht|keine?n?|leider)\b{_NOT_SEEN_DE}",
    r"\b(?:ich|wir) (?:muss|müssen|möchte|werde)(?: \w{1,14}){0,5} (?:ablehnen|verweigern|verneinen)\b|\blehne (?:ich|wir)\b[^.!?\n]{0,40}\bab\b|\bich (?:lehne|weigere)\b",
    r"\b(?:das|dies) geht (?:leider |so )?nicht\b|\b(?:erstelle|schreibe|gebe|verrate|teile|unterstütze|beantworte|mache|helfe|liefere) ich (?:leider |grundsätzlich |ihnen |dir ){0,2}(?:nicht|keine)",
    r"\b(?:nicht|keine)(?: \w{1,14}){0,3} (?:in der lage|befugt|möglich|gestattet|berechtigt)\b",
    r"\bik (?:kan|mag|wil)(?: \w{1,14}){0,5} (?:niet|geen)\b(?! (?:vinden|zien|wachten))|\bkan ik(?: \w{1,14}){0,4} niet\b(?! (?:vinden|zien|wachten))",
    # Swedish, Danish and Norwegian, Finnish
    r"\bkan (?:tyvärr |desværre |dessverre )?(?:inte|ikke) (?:hjälpa|hjælpe|hjelpe|svara|svare|göra|gøre|gjøre|ge|give|gi|dela|dele|lämna)|\b(?:tyvärr|desværre|dessverre) (?:inte|ikke)\b",
    r"\ben (?:valitettavasti )?(?:voi|pysty) (?:\w{1,14} ){0,2}?(?:auttaa|vastata|antaa|tehdä|kertoa|jakaa)",
    # French
    r"\bje (?:ne |n')(?:peux|puis|suis|veux|souhaite|dois|saurais)(?: \w{1,14}){0,2} (?:pas|en mesure|autoris|capable)",
    r"\b(?:désolée?|regrette|malheureusement)\b[^.!?\n]{0,40}\b(?:ne peux|ne puis|ne suis pas|impossible|pas (?:possible|autorisé|permis))\b|\bje (?:préfère|préférerais|souhaite) ne pas\b",
    r"\bje ne peux\b|\bil m'est impossible\b|\bje dois (?:décliner|refuser)\b",
    # Spanish, Portuguese, Italian
    (
        r"\bno (?:puedo(?! (?:encontrar|ver|localizar|creer|esperar))|podemos(?! (?:encontrar|ver|localizar))|podré|me es posible|me está permitido|estoy (?:autorizad|en condiciones|capacitad|diseñad|program)"
        r"|tengo (?:permitido|la capacidad|acceso)|soy capaz|(?:me )?es posible (?:ayudar|compartir|dar|hacer)|est[aá] permitido)"
        r"|\b(?:lament\w{1,4}|siento) no poder\b|\b(?:debo|tengo que) (?:rechazar|declinar|negarme)\b|\bprefiero no\b|\bdevo (?:recusar|rifiutare|declinare)\b|\bprefiro não\b|\bpreferisco non\b"
    ),
    r"\bn[ãa]o (?:posso|podemos|poderei|consigo|me é poss[ií]vel|estou autorizad|sou capaz|tenho (?:permissão|acesso|a capacidade))",
    r"\bnon (?:posso|possiamo|sono (?:in grado|autorizzat|programmat)|mi è (?:possibile|permesso)|mi è consentito)",
    # Polish, Czech, Turkish, Indonesian, Vietnamese
    r"\bnie (?:mogę|możemy|jestem w stanie|wolno mi)\b|\bnemohu\b|\bnemůžu\b",
    r"\byardımcı olama(?:m|yız|yacağım)|\b(?:bunu )?yapama(?:m|yız)\b|\bsağlayama(?:m|yız)\b",
    r"\b(?:saya|kami) tidak (?:bisa|dapat|boleh|mampu)\b|\btôi không thể\b",
    # Russian, Ukrainian
    r"\b(?:я|мы) (?:к сожалению,? )?не (?:могу|можем|буду|в состоянии|имею права|вправе)\b|\bне могу (?:помочь|предоставить|выполнить|ответить|дать|с этим)",
    r"\bя не можу\b|\bне можу (?:допомогти|надати)",
    # Chinese, Japanese, Korean
    r"(?:我|我们|本人|很抱歉|抱歉|对不起|對不起|恕)[^。！？\n]{0,12}(?:无法|無法|不能|不可以|不便|没办法|沒辦法|难以|拒绝)(?!忍受|想象)",
    (
        r"(?:お手伝い|お答え|お応え|提供|回答|対応|お教え|支援|協力|ご案内|作成)[^。\n]{0,12}(?:できません|できかねます|いたしかねます|致しかねます|しかねます)"
        r"|申し訳(?:ありません|ございません|ない)[^。\n]{0,40}(?:できません|できかね|かねます|ません)"
    ),
    r"(?:도와|제공|답변|알려|대답|도움|지원|작성|응할|생성)[^.\n]{0,14}(?:수 없|수는 없|못합니다|드릴 수가 없|어렵습니다)|죄송[^.\n]{0,50}(?:수 없|어렵|못)",
    # Arabic, Hebrew, Hindi
    r"(?:لا|لن) (?:أستطيع|استطيع|يمكنني|أقدر|نستطيع|يمكننا|أتمكن)|(?:غير قادر|لست قادر)|ليس بإمكاني",
    r"אני לא (?:יכול|יכולה|מסוגל)|אינני יכול",
    r"(?:नहीं कर सक|मदद नहीं|सहायता नहीं|नहीं दे सक|असमर्थ)",
)
ELSEWHERE: Final = re.compile("|".join(_ELSEWHERE_FORMS))

LOOKS_FOR: Final = re.compile(
    r"\b(?:find|locate|look (?:\w{1,12} )?up|look up|access|see|retrieve|open|read|verify|process|proceed|identify|pull up|check|confirm|search|reproduce|reach)\b"
)
"""Verbs of not finding, which are no refusal where the same answer asks for what is missing."""
ASKS_BACK: Final = re.compile(
    r"\b(?:could|can|would|will) you (?:please |kindly )?(?:provide|give|send|share|check|tell|try|upload|confirm|spell|let me know|repeat|double-check)"
    r"|\bplease (?:provide|give|send|share|check|try|upload|confirm|tell|enter|let me know|double-check|make sure)|\b(?:without|i(?:'ll| will)? need|unless you|until you|once you|if you (?:can |could )?(?:provide|give|send|share|tell)|which (?:\w{1,14} ){1,3}(?:do|did|are|is|have) you)\b"
    r"|\b(?:können|könnten) sie|\bkannst du|\bpouvez-vous|\bpuede|\bpodr[ií]a|\bpode\b"
)
LACKS: Final = re.compile(
    r"\b(?:without|unless (?:you|i have)|until (?:you|i have))\b (?:\w{1,14} ){0,4}?(?:\w{1,14} )?(?:ids?|numbers?|details|e-?mail|codes?|address|link|files?|dates?|information|confirmation)\b"
)
"""What is missing for the thing to be done: a condition, no refusal. Looked for from the phrase on, in its sentence."""
HELPS_ANYWAY: Final = re.compile(
    r"[,;:.!]? (?:but|so|though|however,?) (?:here(?:'s| is| are)|as of|these|the (?:usual|most|general|answer)|i (?:enjoy|have|would use|use|chose|booked|'d use|can (?!only|'t|not))|i've|if you tell|let me|many|for those|in general|from what)"
)
"""What follows a soft phrase in an answer that goes on to help."""
QUOTED: Final = re.compile(
    r"(?:\b(?:write|writes?|wrote|say|says|said|saying|reply|be|reads?|example|like|sentence|answer|phrase|asked|told|is|was)\b ?[:,]|[\"“«„]|\bthat (?:he|she|they|it|the \w{1,12})\b[^.!?\n]{0,20})\W{0,4}\w{0,12}[ ,]{0,2}\w{0,10},? ?(?:but )?$"
)
"""What stands before a refusal that somebody else says in a story or an example."""
