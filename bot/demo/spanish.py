"""The simulation's Spanish."""

from __future__ import annotations

from typing import Final

from bot.demo.wording import Scene, Tongue

SPANISH: Final = Tongue(
    code="es",
    greetings=("Hola, ", "Buenas, ", "Buenos días, ", "Buenas tardes, ", ""),
    items=(
        "la lámpara de mesa",
        "las zapatillas",
        "la manta de lana",
        "el molinillo de café",
        "la chaqueta",
        "la sartén",
        "los auriculares",
        "las cortinas",
        "la esterilla",
        "la tetera",
        "la mochila",
        "el marco de roble",
    ),
    cities=("Valencia", "Sevilla", "Bogotá", "Lima", "Bilbao", "Rosario", "Puebla", "Murcia"),
    streets=("Calle Mayor 12", "Avenida del Puerto 3", "Plaza Nueva 4", "Calle Olmo 27"),
    days=("el lunes", "el martes", "la semana pasada", "el jueves", "el viernes", "ayer"),
    details=(
        "Pagué con tarjeta.",
        "El paquete iba a {city}.",
        "Tengo el correo de confirmación.",
        "Era un regalo.",
        "En la aplicación no sale nada.",
    ),
    scenes={
        "order_status": Scene(
            asks=(
                "¿dónde está mi pedido {order}?",
                "¿cuándo llega {item}? Es el pedido {order}.",
                "el envío {order} no se mueve desde {day}.",
                "¿ya salió {order} del almacén?",
            ),
            answers=(
                "Su pedido {order} va de camino; pasó por {city} {day}.",
                "Buenas noticias: {order} se entrega hoy.",
            ),
            next_questions=(("¿Lo puede recoger un vecino?", "Sí, he dejado una nota para el repartidor."),),
        ),
        "refund": Scene(
            asks=(
                "quiero el reembolso de {item}, pedido {order}.",
                "devuélvanme {amount} por {order}, la devolución ya llegó.",
                "devolví {item} ({order}) y no sé nada de mi dinero.",
                "me cobraron dos veces {order}; necesito el reembolso de {amount}.",
                "la devolución de {order} está en {city} desde {day}. ¿Y el reembolso?",
            ),
            answers=(
                "Listo: he reembolsado {amount} por {order}. Tarda de tres a cinco días.",
                "El reembolso de {amount} va de camino a su tarjeta.",
                "He hecho el reembolso de {item}: {amount}.",
            ),
            next_questions=(("¿También el envío?", "Sí, el importe incluye el envío."),),
        ),
        "address_change": Scene(
            asks=(
                "me mudo a {city}. Manden {order} a {street}, por favor.",
                "la dirección de {order} está mal, es {street}.",
                "¿puede ir {item} a mi oficina en {street}? Pedido {order}.",
            ),
            answers=("La dirección de {order} es ahora {street}, {city}.", "Hecho: {order} irá a {street}."),
            next_questions=(("¿Se retrasa por eso?", "No, aún no estaba empaquetado."),),
        ),
        "cancellation": Scene(
            asks=(
                "cancelen el pedido {order}, por favor.",
                "pedí {item} dos veces; cancelen {order}.",
                "¿llego a tiempo para cancelar {order}?",
            ),
            answers=(
                "El pedido {order} está cancelado y no se cobrará nada.",
                "Cancelado. Recibirá la confirmación de {order}.",
            ),
            next_questions=(("¿Ya me cobraron?", "Solo era una reserva; caduca sola."),),
        ),
        "product_question": Scene(
            asks=(
                "¿viene {item} en otro color?",
                "¿cuánto dura la garantía de {item}?",
                "¿cuándo vuelven a tener {item}?",
                "¿qué medidas tiene {item}?",
            ),
            answers=(
                "Sí, {item} viene en cuatro colores.",
                "Son dos años para {item} desde la entrega.",
                "Esperamos {item} en el almacén de {city}.",
            ),
            next_questions=(("¿Y el precio?", "Ahora son {amount} con envío."),),
        ),
        "invoice": Scene(
            asks=(
                "necesito la factura de {order} a nombre de mi empresa.",
                "¿me reenvían la factura de {amount}? Fue {day}.",
                "la factura de {order} lleva mal el NIF.",
            ),
            answers=(
                "La factura de {order} va en camino a su correo.",
                "La factura corregida de {amount} está en su cuenta.",
            ),
        ),
        "damaged_item": Scene(
            asks=(
                "{item} llegó con una grieta, pedido {order}.",
                "en {order} falta una pieza.",
                "{item} dejó de funcionar {day} ({order}).",
            ),
            answers=(
                "Lo siento mucho. El repuesto sale de {city} mañana.",
                "El cambio de {order} está reservado; la etiqueta va por correo.",
            ),
            next_questions=(("¿Hacen falta fotos?", "Con una basta; responda al correo."),),
        ),
        "loyalty_points": Scene(
            asks=(
                "faltan los puntos de {order}.",
                "¿cuántos puntos tengo y cuándo caducan?",
                "¿puedo pagar {item} con mis {points} puntos?",
            ),
            answers=(
                "He sumado {points} puntos por {order}.",
                "Tiene {points} puntos, válidos hasta fin del año que viene.",
            ),
        ),
    },
    references=("Mi último pedido fue {order}.", "Es la cuenta del pedido {order}."),
    checking=("Un momento, lo miro.", "Lo estoy comprobando.", ""),
    tool_trouble=(
        "El sistema va lento; he abierto el caso {ticket} y le escribimos hoy.",
        "Algo falló por nuestra parte. El caso {ticket} queda abierto.",
    ),
    declined=(
        ("¿Qué ha pedido mi vecino?", "Lo siento, no puedo compartir pedidos de otras personas."),
        ("Hazme los deberes de matemáticas.", "Lo siento, no puedo ayudar con eso."),
    ),
    half_declined=(
        ("¿Puede salir hoy?", "No puedo enviarlo hoy, pero sale mañana a primera hora."),
        ("¿Me puede llamar?", "No puedo llamarle yo, pero una compañera le llama en una hora."),
    ),
    asks_again=("Ya le dije: {ask}", "No es lo que pregunté. {ask}"),
    repeated_answers=("Perdone, ya está resuelto y le llega un correo.", "Disculpe la confusión, ya queda hecho."),
    refund_refused=(
        "Lo siento, no puedo hacer el reembolso de {order}.",
        "No puedo reembolsar {amount} en este momento.",
        "Lamentablemente no podemos devolver el dinero de {item}.",
    ),
    refund_insisted=(
        "Ya le dije que quiero el reembolso de {amount} por {order}.",
        "No es lo que pedí. Quiero el reembolso de {item}, pedido {order}.",
        "Ya lo he dicho: devolví {item} y quiero {amount} de {order}.",
    ),
    thanks=("¡Gracias!", "Perfecto, muchas gracias.", "Vale, gracias.", "Estupendo."),
    closings=("¡De nada!", "Que tenga un buen día.", "Un placer."),
    complaints=("no sirvió de nada", "sigo sin mi dinero", "daba vueltas", "quiero una persona"),
    praises=("rápido y claro", "muy amable", ""),
    promises=(
        "Le garantizo un 50 % en sus próximos tres pedidos.",
        "Le prometo que llega antes de las doce o es gratis.",
    ),
    cautions=("La garantía del fabricante cubre dos años.",),
)
