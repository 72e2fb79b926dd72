"""Stories of the embedded sample about speed and work: trains, boats, trips, pipes, machines and people at work."""

from __future__ import annotations

from collections.abc import Sequence

from engine.mathqa.sample_grammar import Aside, Question, Story

START = Aside("It sets out at {hour} o'clock.", "hour 5..11")
PASSENGERS = Aside("There are {people} people on board.", "people 11..420")
JOBS = (
    ("paint a fence", ""),
    ("plough a field", ""),
    ("type a report", ""),
    ("clean a house", ""),
    ("lay a floor", ""),
)

SPEED = Story(
    numbers="distance 60..960 by 5; hours 2..12; more 2..15; far 40..1500 by 10",
    things=(("bus", "buses"), ("lorry", "lorries"), ("train", "trains"), ("motorbike", "motorbikes")),
    tellings=(
        "A <thing> [travels|covers] {distance} km in {hours} hours.",
        "In {hours} hours a <thing> [travels|covers] {distance} km.",
        "It takes a <thing> {hours} hours to [travel|go] {distance} km.",
    ),
    questions=(
        Question("What is its [average |]speed in km/h?", "divide(distance,hours)"),
        Question(
            "How far does it [go|travel] in {more} hours at [the same|that] speed?",
            "divide(distance,hours)|multiply(more,#0)",
        ),
        Question(
            "How many hours does it [need|take] for {far} km at [the same|that] speed?",
            "divide(distance,hours)|divide(far,#0)",
        ),
    ),
    asides=(START, Aside("It was built in {year}.", "year year 1990..2022")),
    where="30*hours < distance; distance < 120*hours",
)

TWO_LEGS = Story(
    numbers="first 2..8; slow 30..90 by 5; second 2..8; fast 40..120 by 5",
    tellings=(
        "<A> drives for {first} hours at {slow} km/h and then for {second} hours at {fast} km/h.",
        (
            "On a [trip|journey], <A> drives at {slow} km/h for {first} hours, and at {fast} km/h for the other "
            "{second} hours."
        ),
    ),
    questions=(
        Question(
            "How [far does <she> drive|long is the whole way in km]?",
            "multiply(first,slow)|multiply(second,fast)|add(#0,#1)",
        ),
        Question(
            "What is <her> average speed [in km/h|on the whole way]?",
            "multiply(first,slow)|multiply(second,fast)|add(#0,#1)|add(first,second)|divide(#2,#3)",
        ),
        Question(
            "How much farther is the second part than the first?",
            "multiply(first,slow)|multiply(second,fast)|subtract(#1,#0)",
        ),
    ),
    asides=(Aside("The car is {years} years old.", "years 2..15"),),
)

THERE_AND_BACK = Story(
    numbers="out 8..36 by 2; back 6..40 by 2; distance 10..240 by 5",
    tellings=(
        "<A> cycles to a lake at {out} km/h and back [by the same road|on the same way] at {back} km/h.",
        "A boat goes to an island at {out} km/h and comes back [the same way|by the same route] at {back} km/h.",
    ),
    questions=(
        Question(
            "What is the average speed [of the whole trip|there and back]?",
            "multiply(out,back)|multiply(#0,const_2)|add(out,back)|divide(#1,#2)",
        ),
        Question(
            "The way is {distance} km long. How many hours does it take there and back?",
            "divide(distance,out)|divide(distance,back)|add(#0,#1)",
        ),
    ),
    asides=(Aside("It is {degrees} degrees outside.", "degrees 9..31"),),
)

TRAIN = Story(
    numbers="length 90..420 by 10; speed 36..144 by 9; bridge 60..900 by 10; seconds 6..40",
    tellings=(
        "A train [that is {length} m long|{length} m long] [runs|travels] at {speed} km/h.",
        "At a speed of {speed} km/h a train [that is |]{length} m long [comes along|passes by].",
    ),
    questions=(
        Question(
            "[How many seconds does it take|How long does it take, in seconds,] to pass a [pole|signal]?",
            "multiply(speed,const_0_2778)|divide(length,#0)",
            "near",
        ),
        Question(
            "[How many seconds does it take|How long does it take, in seconds,] to cross a bridge of {bridge} m?",
            "add(length,bridge)|multiply(speed,const_0_2778)|divide(#0,#1)",
            "near",
        ),
        Question(
            "It needs {seconds} seconds to pass through a station. How many metres long is the platform?",
            "multiply(speed,const_0_2778)|multiply(seconds,#0)|subtract(#1,length)",
            "near",
        ),
    ),
    asides=(START, PASSENGERS, Aside("It has {cars} carriages.", "cars 4..16")),
)

TRAINS_MEETING = Story(
    numbers="one 90..300 by 10; slow 36..90 by 9; other 90..300 by 10; fast 45..126 by 9",
    tellings=(
        (
            "Two trains, {one} m and {other} m long, run at {slow} km/h and {fast} km/h on [parallel tracks|two "
            "tracks side by side]."
        ),
        (
            "On [parallel tracks|two tracks side by side], a train of {one} m runs at {slow} km/h and another of "
            "{other} m at {fast} km/h."
        ),
    ),
    questions=(
        Question(
            "They run towards each other. In how many seconds do they pass each other?",
            "add(one,other)|add(slow,fast)|multiply(#1,const_0_2778)|divide(#0,#2)",
            "near",
        ),
        Question(
            "They run the same way. In how many seconds does the faster one pass the slower one?",
            "add(one,other)|subtract(fast,slow)|multiply(#1,const_0_2778)|divide(#0,#2)",
            "near",
        ),
    ),
    where="slow < fast",
)

MEETING = Story(
    numbers="distance 60..900 by 10; one 20..90 by 5; other 25..110 by 5",
    things=(("car", "cars"), ("lorry", "lorries"), ("bus", "buses"), ("train", "trains")),
    tellings=(
        (
            "Two <things> [start|set out] at the same time from towns {distance} km apart and [go|come] towards "
            "each other, one at {one} km/h and the other at {other} km/h."
        ),
        (
            "At {one} km/h and {other} km/h, two <things> [go|come] towards each other from towns that are "
            "{distance} km apart."
        ),
    ),
    questions=(
        Question("After how many hours do they meet?", "add(one,other)|divide(distance,#0)"),
        Question(
            "How far does the first one go before they meet?",
            "add(one,other)|divide(distance,#0)|multiply(one,#1)",
        ),
        Question(
            "How much farther does the second one go before they meet?",
            "add(one,other)|divide(distance,#0)|subtract(other,one)|multiply(#1,#2)",
        ),
    ),
    asides=(Aside("The weather is fine, and it is {degrees} degrees.", "degrees 9..31"),),
)

CHASE = Story(
    numbers="slow 20..80 by 5; lead 2..6; fast 30..120 by 5",
    tellings=(
        "A bus leaves a town at {slow} km/h. A car follows it {lead} hours later at {fast} km/h.",
        "A car follows a bus at {fast} km/h. The bus left {lead} hours earlier and goes at {slow} km/h.",
    ),
    questions=(
        Question(
            "How many hours does the car need to catch up?",
            "multiply(slow,lead)|subtract(fast,slow)|divide(#0,#1)",
        ),
        Question(
            "How many kilometres from the town does it catch up?",
            "multiply(slow,lead)|subtract(fast,slow)|divide(#0,#1)|multiply(fast,#2)",
        ),
    ),
    asides=(Aside("The bus has {seats} seats.", "seats 20..60"),),
    where="slow < fast",
)

STREAM = Story(
    numbers="down 6..24; up 3..18",
    things=(("boat", "boats"), ("canoe", "canoes"), ("kayak", "kayaks"), ("ferry", "ferries")),
    tellings=(
        "A <thing> makes {down} km/h downstream and {up} km/h upstream.",
        "Against the current a <thing> makes {up} km/h, and with it {down} km/h.",
    ),
    questions=(
        Question("What is its speed in still water?", "add(down,up)|divide(#0,const_2)"),
        Question("How fast is the current?", "subtract(down,up)|divide(#0,const_2)"),
    ),
    asides=(Aside("The river is {wide} m wide.", "wide 15..240"),),
    where="up < down",
)

RIVER = Story(
    numbers="still 6..30; current 1..8; distance 12..240 by 4",
    things=(("boat", "boats"), ("canoe", "canoes"), ("ferry", "ferries"), ("motorboat", "motorboats")),
    tellings=(
        "A <thing> goes {still} km/h in still water, and the current of a river is {current} km/h.",
        "On a river with a current of {current} km/h there is a <thing> that goes {still} km/h in still water.",
    ),
    questions=(
        Question(
            "How many hours does it take for {distance} km downstream?",
            "add(still,current)|divide(distance,#0)",
        ),
        Question(
            "How many hours does it take for {distance} km upstream?",
            "subtract(still,current)|divide(distance,#0)",
        ),
        Question(
            "How many hours does it take to go {distance} km down the river and back?",
            "add(still,current)|subtract(still,current)|divide(distance,#0)|divide(distance,#1)|add(#2,#3)",
        ),
    ),
    asides=(Aside("The river is {wide} m wide.", "wide 15..240"),),
    where="current < still",
)

TOGETHER = Story(
    numbers="one 2..30; other 3..45; done 2..4",
    things=JOBS,
    tellings=(
        "<A> can <thing> in {one} hours, and <B> needs {other} hours for it.",
        "To <thing>, <A> needs {one} hours and <B> {other} hours.",
        "<B> needs {other} hours to <thing>. <A> does it in {one} hours.",
    ),
    questions=(
        Question(
            "How many hours do they need together?",
            "multiply(one,other)|add(one,other)|divide(#0,#1)",
        ),
        Question(
            "They begin together. What part of the work is left after {done} hours?",
            "add(one,other)|multiply(one,other)|divide(#0,#1)|multiply(done,#2)|subtract(const_1,#3)",
        ),
    ),
    asides=(Aside("They have worked together since {year}.", "year year 2001..2022"),),
)

CREW = Story(
    numbers="men 4..40; days 3..36; others 2..48; fewer 2..30",
    things=(("wall", ""), ("road", ""), ("bridge", ""), ("dam", ""), ("barn", "")),
    tellings=(
        "{men} workers can build a <thing> in {days} days.",
        "It takes {men} workers {days} days to build a <thing>.",
        "In {days} days, {men} workers can build a <thing>.",
    ),
    questions=(
        Question("How many days do {others} workers need [for it|]?", "multiply(men,days)|divide(#0,others)", "whole"),
        Question(
            "How many workers [are needed|does it take] to build it in {fewer} days?",
            "multiply(men,days)|divide(#0,fewer)",
            "whole",
        ),
        Question(
            "How many more workers are needed to build it in {fewer} days?",
            "multiply(men,days)|divide(#0,fewer)|subtract(#1,men)",
            "whole",
        ),
    ),
    asides=(Aside("They work {hours} hours a day.", "hours 6..10"),),
)

PIPES = Story(
    numbers="fill 2..30; drain 3..60",
    things=(("tank", "tanks"), ("pool", "pools"), ("basin", "basins"), ("cistern", "cisterns")),
    tellings=(
        "A pipe fills a <thing> in {fill} hours, and a drain empties it in {drain} hours.",
        "A <thing> can be emptied by a drain in {drain} hours and filled by a pipe in {fill} hours.",
    ),
    questions=(
        Question(
            "In how many hours is the [empty |]<thing> full when both are open?",
            "multiply(fill,drain)|subtract(drain,fill)|divide(#0,#1)",
        ),
        Question(
            "What part of the <thing> is filled in one hour when both are open?",
            "subtract(drain,fill)|multiply(fill,drain)|divide(#0,#1)",
            "any",
        ),
    ),
    asides=(Aside("It holds {litres} litres.", "litres 200..9000 by 100"),),
    where="fill < drain",
)

MACHINES = Story(
    numbers="machines 2..20; parts 40..3600 by 20; hours 2..12; other 2..30; longer 2..16",
    things=(("machine", "machines"), ("robot", "robots"), ("lathe", "lathes"), ("press", "presses")),
    tellings=(
        "{machines} <things> make {parts} parts in {hours} hours.",
        "In {hours} hours, {machines} <things> make {parts} parts.",
    ),
    questions=(
        Question(
            "How many parts [do|can] {other} <things> make in {longer} hours?",
            "divide(parts,machines)|divide(#0,hours)|multiply(other,#1)|multiply(longer,#2)",
            "whole",
        ),
        Question("How many parts does one of them make in an hour?", "divide(parts,machines)|divide(#0,hours)"),
    ),
    asides=(Aside("They were bought in {year}.", "year year 2008..2023"),),
)

READING = Story(
    numbers="pages 8..60; total 120..900 by 4; read 20..400",
    tellings=(
        "<A> reads {pages} pages of a book a day. It has {total} pages, and <she> has read {read} of them.",
        "A book has {total} pages. <A> has read {read} of them and [goes on|continues] at {pages} pages a day.",
    ),
    questions=(
        Question("In how many days is <she> through with it?", "subtract(total,read)|divide(#0,pages)", "whole"),
        Question("What percentage of the book has <she> read?", "divide(read,total)|multiply(#0,const_100)"),
    ),
    asides=(Aside("The book was printed in {year}.", "year year 1920..2020"),),
    where="read < total",
)

FUEL = Story(
    numbers="litres 4..40; km 50..600 by 10; price money 1.2..2.2 by 0.05; trip 100..1200 by 20; tank 30..70",
    tellings=(
        "A car uses {litres} litres of petrol for {km} km. A litre costs ${price}.",
        "For {km} km a car needs {litres} litres of petrol, at ${price} a litre.",
    ),
    questions=(
        Question(
            "What does the petrol for {trip} km cost?",
            "divide(litres,km)|multiply(trip,#0)|multiply(price,#1)",
        ),
        Question("How many kilometres does it go on {tank} litres?", "divide(km,litres)|multiply(tank,#0)"),
        Question("How many litres does it use for {trip} km?", "divide(litres,km)|multiply(trip,#0)"),
    ),
    asides=(Aside("The car is {years} years old.", "years 2..15"),),
    where="8*litres < km; km < 25*litres",
)

PRINTING = Story(
    numbers="pages 6..60; hours 2..9; total 240..9000 by 60",
    things=(("printer", ""), ("copier", ""), ("scanner", "")),
    tellings=(
        "A <thing> does {pages} pages a minute.",
        "In one minute a <thing> does {pages} pages.",
    ),
    questions=(
        Question("How many pages does it do in {hours} hours?", "multiply(pages,const_60)|multiply(hours,#0)"),
        Question("How many minutes does it need for {total} pages?", "divide(total,pages)"),
        Question(
            "How many hours does it need for {total} pages?",
            "multiply(pages,const_60)|divide(total,#0)",
        ),
    ),
    asides=(Aside("It weighs {weight} kg.", "weight 4..60"),),
)

STORIES: Sequence[Story] = (
    SPEED, TWO_LEGS, THERE_AND_BACK, TRAIN, TRAINS_MEETING, MEETING, CHASE, STREAM, RIVER, TOGETHER, CREW, PIPES,
    MACHINES, READING, FUEL, PRINTING,
)  # fmt: skip
