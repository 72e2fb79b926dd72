"""Stories of the embedded sample about figures: fields, ponds, ladders and tanks."""

from __future__ import annotations

from collections.abc import Sequence

from engine.mathqa.sample_grammar import Aside, Question, Story

RECTANGLE = Story(
    numbers="length 8..90; width 4..60; price money 2..30 by 0.5; path 1..5",
    things=(("garden", "gardens"), ("field", "fields"), ("yard", "yards"), ("lawn", "lawns")),
    tellings=(
        "A [rectangular |]<thing> is {length} m long and {width} m wide.",
        "The sides of a rectangular <thing> [are|measure] {length} m and {width} m.",
        "With a width of {width} m, a rectangular <thing> is {length} m long.",
    ),
    questions=(
        Question("What is its area in square metres?", "rectangle_area(length,width)"),
        Question("How many metres of fence are needed [to enclose it|around it]?", "rectangle_perimeter(length,width)"),
        Question(
            "What does a fence around it cost at ${price} a metre?",
            "rectangle_perimeter(length,width)|multiply(price,#0)",
        ),
        Question(
            "What does it cost to sow it with grass at ${price} a square metre?",
            "rectangle_area(length,width)|multiply(price,#0)",
        ),
        Question(
            "A path runs around it on the outside, {path} m wide. What is the area of the path in square metres?",
            "multiply(path,const_2)|add(length,#0)|add(width,#0)|rectangle_area(#1,#2)|"
            "rectangle_area(length,width)|subtract(#3,#4)",
        ),
    ),
    asides=(Aside("It belongs to house number {number}.", "number 3..99"),),
    where="width < length",
)

SQUARE = Story(
    numbers="side 5..60; area square 5..45; price money 2..25 by 0.5",
    things=(("field", "fields"), ("yard", "yards"), ("park", "parks"), ("plot", "plots")),
    tellings=("There is a square <thing> [behind the school|at the edge of the town|near the river].",),
    questions=(
        Question("Its sides are {side} m long. What is its area in square metres?", "square_area(side)"),
        Question("Its area is {area} square metres. How long is a side in metres?", "sqrt(area)"),
        Question(
            "Its area is {area} square metres. How many metres of fence does it need?",
            "sqrt(area)|multiply(#0,const_4)",
        ),
        Question(
            "It measures {area} square metres. What does a fence around it cost at ${price} a metre?",
            "sqrt(area)|multiply(#0,const_4)|multiply(price,#1)",
        ),
        Question(
            "At ${price} a square metre, what does it cost to pave it when a side measures {side} m?",
            "square_area(side)|multiply(price,#0)",
        ),
    ),
    asides=(Aside("It was laid out in {year}.", "year year 1900..2015"),),
)

CIRCLE = Story(
    numbers="radius 2..40; path 1..5; price money 1..20 by 0.5",
    things=(("pond", "ponds"), ("flower bed", "flower beds"), ("plaza", "plazas"), ("pool", "pools")),
    tellings=("A round <thing> has a radius of {radius} m.", "The radius of a round <thing> is {radius} m."),
    questions=(
        Question("What is its area in square metres?", "circle_area(radius)", "any"),
        Question(
            "How many metres [is it|does one walk] around it?", "multiply(radius,const_2)|multiply(#0,const_pi)", "any"
        ),
        Question(
            "A path {path} m wide runs around it. What is the area of the path?",
            "add(radius,path)|circle_area(#0)|circle_area(radius)|subtract(#1,#2)",
            "any",
        ),
        Question(
            "What does it cost to cover it at ${price} a square metre?",
            "circle_area(radius)|multiply(price,#0)",
            "any",
        ),
    ),
    asides=(Aside("It is {steps} steps from the house.", "steps 20..400 by 10"),),
)

TRIANGLE = Story(
    numbers="base 6..80; height 4..60; price money 2..18 by 0.5",
    things=(("field", "fields"), ("sail", "sails"), ("banner", "banners"), ("garden", "gardens")),
    tellings=(
        "A triangular <thing> has a base of {base} m and a height of {height} m.",
        "The height of a triangular <thing> is {height} m and its base is {base} m.",
    ),
    questions=(
        Question("What is its area in square metres?", "triangle_area(base,height)"),
        Question(
            "A square metre of it costs ${price}. What does it cost in all?",
            "triangle_area(base,height)|multiply(price,#0)",
        ),
        Question(
            "How much smaller is it than a rectangle with these two sides?",
            "rectangle_area(base,height)|triangle_area(base,height)|subtract(#0,#1)",
        ),
    ),
    asides=(Aside("It is {years} years old.", "years 2..40"),),
)

LADDER = Story(
    numbers="foot 3..24; height 4..36; ladder 5..41",
    things=(("wall", "walls"), ("house", "houses"), ("tower", "towers"), ("barn", "barns")),
    tellings=("A ladder leans against a <thing>.",),
    questions=(
        Question(
            "Its foot is {foot} m away and it reaches {height} m up. How long is it in metres?",
            "square_area(foot)|square_area(height)|add(#0,#1)|sqrt(#2)",
        ),
        Question(
            "It is {ladder} m long, and its foot is {foot} m away. How many metres up does it reach?",
            "square_area(ladder)|square_area(foot)|subtract(#0,#1)|sqrt(#2)",
        ),
        Question(
            "It reaches {height} m up and is {ladder} m long. How many metres away is its foot?",
            "square_area(ladder)|square_area(height)|subtract(#0,#1)|sqrt(#2)",
        ),
    ),
    asides=(Aside("The <thing> was built in {year}.", "year year 1850..2010"),),
    where="foot < ladder; height < ladder",
)

AQUARIUM = Story(
    numbers="long 40..150 by 5; wide 20..80 by 5; high 20..60 by 5; minute 2..12",
    things=(("tank", "tanks"), ("trough", "troughs"), ("box", "boxes"), ("basin", "basins")),
    tellings=(
        "A <thing> is {long} cm long, {wide} cm wide and {high} cm high.",
        "A <thing> measures {long} cm by {wide} cm by {high} cm.",
    ),
    questions=(
        Question("How many litres does it hold?", "multiply(long,wide)|multiply(high,#0)|divide(#1,const_1000)"),
        Question(
            "In how many minutes does a tap fill it that gives {minute} litres a minute?",
            "multiply(long,wide)|multiply(high,#0)|divide(#1,const_1000)|divide(#2,minute)",
        ),
        Question("How many square centimetres does its bottom have?", "rectangle_area(long,wide)"),
    ),
    asides=(Aside("It weighs {weight} kg.", "weight 3..30"),),
)

STORIES: Sequence[Story] = (RECTANGLE, SQUARE, CIRCLE, TRIANGLE, LADDER, AQUARIUM)
