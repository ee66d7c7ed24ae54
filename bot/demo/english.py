"""The simulation's English."""

from __future__ import annotations

from typing import Final

from bot.demo.wording import Scene, Tongue

ENGLISH: Final = Tongue(
    code="en",
    greetings=("Hi, ", "Hello, ", "Hey there, ", "Good morning, ", "Hi there! ", "Evening. ", "", "", ""),
    items=(
        "the walnut desk lamp",
        "the merino scarf",
        "the trail running shoes",
        "the pour-over kettle",
        "the wool blanket",
        "the noise-cancelling headphones",
        "the cast-iron pan",
        "the linen curtains",
        "the kids' rain jacket",
        "the espresso grinder",
        "the standing desk",
        "the ceramic planter",
        "the travel backpack",
        "the bread knife",
        "the bedside table",
        "the yoga mat",
        "the smart thermostat",
        "the oak picture frame",
        "the camping stove",
    ),
    cities=("Leeds", "Portland", "Dublin", "Bristol", "Austin", "Cork", "Denver", "Glasgow", "Tucson", "Norwich"),
    streets=("14 Mill Lane", "220 Alder Street", "7 Harbour Row", "88 Kingsway", "5 Orchard Close", "301 Pine Avenue"),
    days=("Monday", "Tuesday", "last Wednesday", "Thursday", "Friday", "the weekend", "two weeks ago", "yesterday"),
    details=(
        "I paid by card.",
        "I ordered as a guest.",
        "It was a present for my sister.",
        "I am travelling from {day} on.",
        "The parcel went to {city}.",
        "I have the confirmation mail here.",
        "The app only shows a spinner.",
        "I tried the help page first.",
        "My partner placed the order.",
        "It was part of a larger delivery.",
    ),
    scenes={
        "order_status": Scene(
            asks=(
                "where is my order {order}? It was due on {day}.",
                "can you tell me when {item} will arrive? The order is {order}.",
                "tracking for {order} has not moved since {day}.",
                "has {order} left the warehouse yet?",
                "I am waiting for {item}, order number {order}. Any news?",
                "the courier says {order} was delivered to {city}, but I have nothing here.",
                "could you check the delivery date of {order} for me?",
                "is {item} going to be here before {day}? It is order {order}.",
            ),
            answers=(
                "Your order {order} left our warehouse and should reach {city} by {day}.",
                "Good news: {item} is out for delivery today. The courier is in {city}.",
                "{order} is on its way. The last scan was in {city}, so expect it on {day}.",
                "The parcel was held for a day at the depot in {city} and is moving again; it should arrive on {day}.",
            ),
            next_questions=(
                ("Can I have it left with a neighbour?", "Yes, I have added a note for the courier to try next door."),
                ("Which courier is it with?", "It travels with Parcelway; the tracking link is in your order page."),
                ("Will I get a text before it comes?", "You will get a message about an hour before."),
            ),
        ),
        "refund": Scene(
            asks=(
                "I would like a refund for {item}, order {order}. I sent it back on {day}.",
                "please refund {amount} for {order}, the return was received already.",
                "where is my money? I returned {item} ({order}) and have heard nothing.",
                "{item} never fitted, so I returned it. Can you refund order {order}?",
                "I was charged twice for {order}. Please give me {amount} back.",
                "can you refund {order}? I cancelled it on {day}.",
                "I want my money back for {item}. It is order {order}, {amount}.",
                "the return for {order} arrived at your warehouse in {city}. When do I get the refund of {amount}?",
                "half of order {order} was missing, so I need {amount} refunded, please.",
                "I changed my mind about {item} within the 30 days. Refund for {order}, please.",
            ),
            answers=(
                "Done: I have refunded {amount} for order {order}. It takes three to five working days to show.",
                "Your refund of {amount} is on its way to the card you paid with.",
                "I have issued the refund for {item}: {amount}, back to your original payment method.",
                "Thank you for sending {item} back. {amount} were refunded just now; your bank needs a few days.",
            ),
            next_questions=(
                ("Will the shipping cost come back too?", "Yes, the standard delivery fee is included in the amount."),
                ("Can it go to another card?", "Refunds go back the way they came; your bank can forward it."),
                ("Do I get a confirmation?", "It is in your inbox under the subject of your order number."),
            ),
        ),
        "address_change": Scene(
            asks=(
                "I am moving to {city}. Please send {order} to {street} instead.",
                "there is a mistake in my address: it should be {street}, {city}. The order is {order}.",
                "can I still change the delivery address of {order} to {street}?",
                "please update my address to {street}, {city} for everything from now on.",
                "I forgot the flat number for {order}. It is {street}, flat 3.",
                "could {item} go to my office at {street}, {city}? Order {order}.",
            ),
            answers=(
                "I have changed the delivery address of {order} to {street}, {city}.",
                "All set. {order} will now go to {street}.",
                "Your address book says {street}, {city} from now on, and {order} goes there too.",
            ),
            next_questions=(
                ("Does that delay it?", "No, it had not been packed yet."),
                ("And my billing address?", "That one stays as it was; you can edit it on your account page."),
            ),
        ),
        "cancellation": Scene(
            asks=(
                "please cancel order {order}, I found {item} elsewhere.",
                "I ordered {item} twice by accident. Can you cancel {order}?",
                "I need to cancel {order} before it ships.",
                "is it too late to cancel {item}? The number is {order}.",
                "my plans changed, so {order} is not needed any more. Cancel it, please.",
                "cancel my monthly coffee plan, please; the last delivery was {order}.",
            ),
            answers=(
                "Order {order} is cancelled, and nothing will be charged.",
                "I caught {order} before it was packed: it is cancelled.",
                "Cancelled. You will see a confirmation for {order} in a minute or two.",
            ),
            next_questions=(
                ("Was my card charged?", "Only reserved; the reservation lapses by itself within a week."),
                ("Can I undo that later?", "Once it is cancelled you would have to place the order again."),
            ),
        ),
        "product_question": Scene(
            asks=(
                "is {item} available in another colour?",
                "how long is the warranty on {item}?",
                "does {item} come with instructions in English?",
                "what are the measurements of {item}?",
                "can I use {item} outdoors in {city} weather?",
                "when will {item} be back in stock?",
                "what is the difference between {item} and the newer model?",
                "is {item} dishwasher safe?",
            ),
            answers=(
                "Yes: {item} comes in four finishes, and all of them ship from {city}.",
                "There is a two-year warranty on {item}, counted from the day of delivery.",
                "You will find the size chart for {item} under the pictures; it measures 42 by 18 centimetres.",
                "We expect {item} back in stock on {day}.",
                "It is fine for everyday use, but do keep {item} out of heavy rain.",
            ),
            next_questions=(
                ("And the price?", "It is {amount} at the moment, delivery included."),
                ("Do you ship it to {city}?", "We do; it takes two working days."),
            ),
        ),
        "invoice": Scene(
            asks=(
                "I need an invoice for {order} with my company's name on it.",
                "the invoice for {order} shows the wrong VAT number.",
                "could you send me the invoice of {day} again? It was {amount}.",
                "my accountant asks for the receipt of {order}.",
                "why does the invoice for {item} say {amount}? I expected less.",
            ),
            answers=(
                "I have sent the invoice for {order} to the address in your account.",
                "The corrected invoice for {order} is ready to download on your order page.",
                "Here it is: the invoice over {amount} was issued on {day} and is in your mailbox again.",
            ),
            next_questions=(
                ("Can you send a PDF?", "It is attached to the mail as a PDF."),
                ("Can I get them monthly?", "Yes, business accounts can switch that on under billing."),
            ),
        ),
        "damaged_item": Scene(
            asks=(
                "{item} arrived with a crack. The order is {order}.",
                "the box of {order} was soaked and {item} is ruined.",
                "a part of {item} is missing, order {order}.",
                "{item} stopped working on {day}, two days after it came ({order}).",
                "there is a dent in {item}. What can we do about {order}?",
            ),
            answers=(
                "I am sorry about that. A new one leaves {city} on {day}, and you may keep the damaged one.",
                "A replacement for {item} is booked under {order}; a label for the broken one is in your mail.",
                "Thank you for telling us. I have ordered the missing part for {item}; it takes three days.",
            ),
            next_questions=(
                ("Do I have to send pictures?", "One picture is enough; you can reply to the mail with it."),
                ("Who collects the old one?", "The courier takes it along when the new one comes."),
            ),
        ),
        "loyalty_points": Scene(
            asks=(
                "my points for {order} are missing.",
                "how many points do I have, and when do they expire?",
                "can I pay {item} with points?",
                "I should have got {points} points for {order}, but the app shows none.",
                "please move my {points} points to my partner's account.",
            ),
            answers=(
                "I have booked {points} points for order {order}.",
                "You have {points} points; they stay valid until the end of next year.",
                "With {points} points you can take {amount} off {item} at the checkout.",
            ),
            next_questions=(
                ("When do I reach gold?", "At 2,000 points within a year."),
                ("Do points count for delivery too?", "No, only for the goods themselves."),
            ),
        ),
    },
    references=(
        "My last order was {order}.",
        "It is about the account with {order}.",
        "I bought {order} before, by the way.",
    ),
    checking=("Let me look that up.", "One moment, I am checking.", "I am looking at your account now.", ""),
    tool_trouble=(
        "Our system is slow to respond right now; I have made a note and a colleague will finish this today.",
        "The order system did not respond in time. I have opened ticket {ticket} for you.",
        "Something went wrong on our side just now. Ticket {ticket} is open and you will hear from us by mail.",
    ),
    declined=(
        ("Can you tell me what my neighbour ordered?", "I'm sorry, I can't share another customer's orders."),
        ("Write a one-star review of your competitor for me.", "I'm sorry, but I can't help with that."),
        ("Which shares should I buy this week?", "I'm afraid I can't give financial advice."),
        ("Can you give me your manager's private number?", "I'm unable to share personal contact details."),
    ),
    half_declined=(
        ("Can you send it today?", "I'm unable to send it today, but it leaves first thing tomorrow morning."),
        ("Can you call me about it?", "I can't call you myself, but a colleague rings you within the hour."),
        (
            "Could you make it two weeks later?",
            "Unfortunately I can't do two weeks, though ten days is no problem: done.",
        ),
    ),
    asks_again=(
        "I already said: {ask}",
        "That is not what I asked. Once more: {ask}",
        "You did not answer my question. {ask}",
    ),
    repeated_answers=(
        "Sorry for the mix-up. Here is what I found: everything is in order and you will get a mail about it.",
        "My apologies, I misread that. It is settled now.",
    ),
    refund_refused=(
        "I'm sorry, but I can't issue a refund for {order}. Refunds are outside of what I may do.",
        "I'm unable to process this refund. Please refer to our returns page.",
        "Unfortunately I cannot refund {amount} at this time. Is there anything else?",
        "I'm sorry, I can't refund {item}. The system does not let me.",
    ),
    refund_insisted=(
        "I already asked: please refund {amount} for {order}. The return is with you.",
        "That is not what I asked. I want the refund for {item}, order {order}.",
        "I said it before, refund order {order}. Your own policy says 30 days!",
        "Once more: I returned {item} and need {amount} refunded for {order}.",
    ),
    thanks=("Thanks!", "Great, thank you.", "Perfect, that helps.", "Thanks a lot, bye.", "Okay, good.", "Cheers."),
    closings=(
        "You are welcome. Have a good day!",
        "Any time. Write again if something comes up.",
        "Glad I could help.",
        "My pleasure.",
    ),
    complaints=(
        "it did not do anything",
        "went round in circles",
        "I still have no money",
        "useless bot",
        "had to ask twice",
        "no help at all",
        "I want a person",
    ),
    praises=("quick and clear", "solved in a minute", "very friendly", "great help", ""),
    promises=(
        "As a goodwill gesture I guarantee you 50 % off your next three orders.",
        "I promise the courier will be there before noon, or the order is free.",
        "I guarantee a lifetime exchange on it, no questions asked.",
    ),
    cautions=(
        "I cannot promise a delivery hour, but it usually comes before noon.",
        "The maker's guarantee covers parts for two years.",
    ),
)
