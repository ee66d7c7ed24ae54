"""How people in other languages tell a model to drop its instructions or to give away a secret.

Patterns over folded text (lower case, single spaces), as in ``injection_patterns``.
"""

from __future__ import annotations

import re
from typing import Final

_IGNORE: Final = (
    # German, Dutch, Swedish, Danish and Norwegian
    r"(?:ignorier|vergiss|vergesse|missacht|überspring|vernachlässig)\w*\b.{0,40}(?:anweisung|instruktion|regel|befehl|vorgabe|richtlinie|aufgabe|alles|davor|vorher|zuvor|prompt|text)"
    r"|(?:negeer|vergeet)\b.{0,40}(?:instructies|opdracht|regels|aanwijzing|alles)|(?:ignorera|glöm|ignorer|glem)\b.{0,40}(?:instruktion|regler|alt |allt|anvisning)"
    # French, Spanish, Portuguese, Italian, Romanian, Catalan
    r"|(?:ignor(?:e|ez|er)|oubli(?:e|ez|er)|ne tiens? pas compte|ne tenez pas compte|néglige[zr]?)\b.{0,45}(?:instructions?|consignes?|directives?|règles?|tout ce|précédent|ci-dessus|la fonction|la page)"
    r"|(?:ignora|ignore|ignorad|ignorar|olvida|olvide|olvídate|olvidar|descarta|desestima|omite)\b.{0,45}(?:instruc|órdenes|ordenes|reglas|directrices|indicaciones|todo lo|anterior|la función|la página)"
    r"|(?:ignore|ignorar|esqueça|esqueca|esquece|desconsidere|desconsidera)\b.{0,45}(?:instruç|instruc|regras|ordens|diretrizes|tudo|anterior|acima)"
    r"|(?:ignora|ignorare|dimentica|dimenticare|trascura)\b.{0,45}(?:istruzion|regole|direttiv|tutto|precedent|ordini)|(?:ignoră|uită)\b.{0,45}(?:instrucțiun|reguli|tot)"
    # Slavic
    r"|(?:игнориру|проигнориру|забуд|забыть|не обращай)\w*.{0,40}(?:инструкц|указан|правил|команд|всё|все |предыдущ)|(?:ігнору|забуд)\w*.{0,40}(?:інструкц|вказів|правил|попередн)"
    r"|(?:zignoruj|ignoruj|zapomnij|pomiń)\w*\b.{0,40}(?:instrukc|poleceni|zasad|wszystk|poprzedni)|(?:ignoruj|zapomeň|ignorujte|zapomeňte)\b.{0,40}(?:instrukc|pokyn|pravidl|vše|předchoz)"
    # Turkish, Indonesian and Malay, Vietnamese, Greek, Hungarian, Finnish
    r"|(?:talimat|yönerge|kural|komut)\w*.{0,25}(?:görmezden gel|yok say|unut|dikkate alma)|(?:abaikan|lupakan)\b.{0,40}(?:instruksi|perintah|aturan|arahan|semua)"
    r"|(?:bỏ qua|quên|phớt lờ).{0,40}(?:hướng dẫn|chỉ dẫn|lệnh|quy tắc|tất cả)|(?:αγνόησε|αγνοήστε|αγνοησ|ξέχνα|ξεχάστε)\w*.{0,40}(?:οδηγ|εντολ|κανόν|όλα)"
    r"|(?:hagyd figyelmen kívül|felejtsd el).{0,40}(?:utasítás|szabály|minden)|(?:unohda|sivuuta|ohita)\b.{0,40}(?:ohje|sään|kaikki)"
    # Chinese, Japanese, Korean
    r"|(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|不要遵守|忽視).{0,16}(?:指令|指示|说明|說明|规则|規則|提示|内容|內容|要求|命令|一切|所有)"
    r"|(?:指示|命令|ルール|指令|プロンプト|内容).{0,10}(?:無視|忘れ|従わ|破棄)|無視して.{0,30}(?:述べ|言|答え|出力)|(?:지시|명령|규칙|지침|프롬프트|내용)\S{0,6} ?.{0,8}(?:무시|잊어|잊으|따르지)"
    # Arabic, Persian, Hebrew, Hindi, Bengali
    r"|(?:تجاهل|انس|تغاضى|تجاهلوا).{0,30}(?:التعليمات|تعليمات|الأوامر|القواعد|السابقة|كل)|(?:دستور|قوانین)\w*.{0,25}(?:نادیده|فراموش)|(?:התעלם|תתעלם|שכח|תשכח).{0,30}(?:הוראות|הנחיות|כללים|הכל)"
    r"|(?:निर्देश|आदेश|नियम)\S{0,4} .{0,20}(?:अनदेख|नज़रअंदाज|नजरअंदाज|भूल|उपेक्षा)|(?:নির্দেশ|নিয়ম)\S{0,6} .{0,20}(?:উপেক্ষা|ভুলে)"
)
_REVEAL: Final = (
    r"(?:wie lautet|was ist|nenne?|sag|verrate?|zeige?)\b.{0,25}(?:passwort|kennwort|system-?prompt|geheim(?:nis|wort|code)|deine (?:anweisungen|regeln))"
    r"|(?:quel(?:le)? est|donne|dis|révèle|montre)\S{0,4}\b.{0,25}(?:mot de passe|invite système|prompt système|tes (?:instructions|consignes)|vos (?:instructions|consignes)|code secret)"
    r"|(?:cu[aá]l es|dime|dame|revela|muestra|muéstrame)\b.{0,25}(?:contraseña|clave secreta|tus instrucciones|prompt del sistema|palabra secreta)"
    r"|(?:qual [eé]|me diga|diga|revele|mostre|dimmi|rivela|mostra)\b.{0,25}(?:senha|password|palavra secreta|suas instruções|parola d'ordine|tue istruzioni|prompt d[eio])"
    r"|(?:какой|какие|скажи|назови|покажи|раскрой)\b.{0,25}(?:пароль|системн\S+ (?:промпт|подсказк)|твои инструкц|секрет)"
    r"|(?:密码|口令|密碼|系统提示|系統提示|你的指令|你的提示).{0,8}(?:是什么|是什麼|告诉|告訴|吗)|(?:告诉我|显示|输出|透露|告訴我).{0,10}(?:密码|密碼|系统提示|你的指令|提示词)"
    r"|(?:パスワード|システムプロンプト|秘密の言葉).{0,10}(?:何|教え|表示|見せ)|(?:비밀번호|암호|시스템 프롬프트).{0,10}(?:뭐|무엇|알려|보여)"
    r"|(?:كلمة (?:المرور|السر)|موجه النظام).{0,6}[؟?]|(?:ما هي|أخبرني|اكشف).{0,20}(?:كلمة (?:المرور|السر)|تعليماتك)|(?:पासवर्ड|सिस्टम प्रॉम्प्ट).{0,12}(?:क्या|बता)|(?:şifre|parola)\w* (?:ne|nedir|söyle)"
)
_BECOME: Final = (
    r"(?:du bist (?:jetzt|nun|ab jetzt|ab sofort)|ab (?:jetzt|sofort) (?:bist|wirst|antworte)|tu es (?:maintenant|désormais)|à partir de maintenant|ahora eres|a partir de ahora|actúa como|agora você é|a partir de agora"
    r"|ora sei|d'ora in poi|теперь ты|отныне ты|с этого момента|从现在开始|你现在是|從現在開始|今からあなたは|これからあなたは|지금부터 (?:너|당신)|من الآن فصاعد|अब से (?:तुम|आप)|şu andan itibaren)"
)
LATIN_NEEDLES: Final = [
    "ignor",
    "verg",
    "miss",
    "oubli",
    "olvid",
    "esque",
    "descons",
    "diment",
    "zapom",
    "abaikan",
    "lupakan",
    "glem",
    "negeer",
    "passwor",
    "kennwort",
    "mot de passe",
    "contrase",
    "senha",
    "du bist",
    "ab jetzt",
    "ab sofort",
    "ahora eres",
    "a partir",
    "d'ora",
    "tu es ",
]
"""One of them stands in every text of ASCII letters alone that a pattern of this module matches."""
FOREIGN_LETTER: Final = re.compile(r"[^\W\x00-\x7f]")
"""A letter beyond ASCII, with which any of the patterns may match."""
IGNORE: Final = re.compile(_IGNORE)
REVEAL: Final = re.compile(_REVEAL)
BECOME: Final = re.compile(_BECOME)
