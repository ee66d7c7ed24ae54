"""How assistants decline, as patterns over folded text (lower case, plain apostrophes, no markup).

Every pattern is a fixed sequence of words with bounded gaps, so that matching takes time linear in the text.
``FIRM`` is a refusal by itself, ``SOFT`` one that also stands in answers that go on to help.
"""

from __future__ import annotations

import re
from typing import Final

_DO: Final = (
    "(?:assist|help|provide|give|offer|share|fulfil|fulfill|comply|answer|engage|support|discuss|generate|create|write"
    "|recommend|advise|encourage|condone|promote|participate|suggest|facilitate|disclose|reveal|do (?:that|this|so|it)"
    "|process|complete|respond|satisfy|tell|teach|guide|describe|explain|endorse|produce|continue|speak|comment|talk"
    "|accommodate|proceed|honou?r|grant|approve|waive|issue|speculate|make (?:that|this|any|an exception|up|fun|jokes?|light"
    "|assumptions|a (?:joke|judge?ment|statement))|list|translate|perform|carry out|execute|display|show|send|access"
    "|retrieve|look (?:that|this|it) up|diagnose|predict|confirm|verify|change|modify|cancel|refund|agree to|entertain|role-?play"
    "|pretend|simulate|act|joke|rewrite|repeat|print|output|reproduce|instruct|have (?:that|this)|go into|get into|take part|be of)"
)
_I: Final = "(?:i|we)"
_ADV: Final = (
    "(?:,? ?(?:really|simply|just|also|currently|unfortunately|sadly|therefore|personally|absolutely|definitely|legally"
    "|ethically|morally|directly|actually|either|still|even|in good conscience|at this time|under any circumstances"
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
        r"(?:\w{1,14} ){0,3}(?:programming|guidelines?|polic(?:y|ies)|principles?|terms|values|ethics|standards|rules|training|scope)\b"
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
        r"(?:violates?|was (?:blocked|flagged|rejected)|has been (?:blocked|flagged|rejected)|cannot be|can't be"
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
)
FIRM: Final = re.compile("|".join(_FIRM_FORMS))

_SOFT_FORMS: Final = (
    rf"\b{_I}(?: can|'m| am)(?: only able to| only) (?:help|assist|answer|provide|discuss|support)\b",
    rf"\b{_I} (?:do not|don't) (?:think|believe|feel) (?:that )?(?:{_I} (?:should|can)|it(?:'s| is| would be) (?:right|appropriate))\b",
    r"\b(?:would not|wouldn't) be (?:appropriate|right|ethical|responsible)\b",
    rf"\b{_SORRY}\b[^.!?\n]{{0,40}}\b{_I} (?:do not|don't) (?:have (?:any |enough |the )?(?:information|details|data|knowledge)|know how)\b",
    r"\bfalls? (?:outside|beyond) (?:of )?(?:my|our|what (?:i|we)|the scope)\b",
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
    r"\bthere (?:is|are) no (?:safe|legal|ethical|acceptable|appropriate) (?:way|method|reason|justification)",
    r"\bif you(?:'re| are) (?:having|experiencing|struggling|thinking about|considering|in crisis|feeling)[^.!?\n]{0,60}(?:seek|reach out|contact|call|talk to|please)\b",
)
SOFT: Final = re.compile("|".join(_SOFT_FORMS))

_ELSEWHERE_FORMS: Final = (
    # German, Dutch
    r"\b(?:kann|können|darf|dürfen|werde) (?:ich|wir)?(?: \w{1,14}){0,6} (?:nicht|keine?n?|leider)\b(?: \w{1,14}){0,4}",
    r"\b(?:ich|wir) (?:kann|können|darf|dürfen|möchte|werde)(?: \w{1,14}){0,5} (?:nicht|keine?n?|leider)\b",
    r"\b(?:nicht|keine)(?: \w{1,14}){0,3} (?:in der lage|befugt|möglich|gestattet|berechtigt)\b",
    r"\bik (?:kan|mag|wil)(?: \w{1,14}){0,5} (?:niet|geen)\b",
    # French
    r"\bje (?:ne |n')(?:peux|puis|suis|veux|souhaite|dois|saurais)(?: \w{1,14}){0,2} (?:pas|en mesure|autoris|capable)",
    r"\b(?:désolée?|regrette|malheureusement)\b[^.!?\n]{0,40}\b(?:ne peux|ne puis|ne suis pas|impossible)\b",
    r"\bje ne peux\b|\bil m'est impossible\b|\bje dois (?:décliner|refuser)\b",
    # Spanish, Portuguese, Italian
    (
        r"\bno (?:puedo|podemos|podré|me es posible|me está permitido|estoy (?:autorizad|en condiciones|capacitad|diseñad|program)"
        r"|tengo (?:permitido|la capacidad|acceso)|soy capaz)"
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
