"""Stories of the embedded sample about numbers: ages, averages, percentages, remainders and choices."""

from __future__ import annotations

from collections.abc import Sequence

from engine.mathqa.sample_grammar import Aside, Question, Story

AGES_TIMES = Story(
    numbers="times 2..6; sum 16..98; years 3..20",
    tellings=(
        "<A> is {times} times as old as <B>. The sum of their ages is {sum} years.",
        "The ages of <A> and <B> add up to {sum} years, and <A> is {times} times as old as <B>.",
    ),
    questions=(
        Question("How old is <B>?", "add(times,const_1)|divide(sum,#0)", "whole"),
        Question("How old is <A>?", "add(times,const_1)|divide(sum,#0)|multiply(times,#1)", "whole"),
        Question("How old will <B> be in {years} years?", "add(times,const_1)|divide(sum,#0)|add(years,#1)", "whole"),
        Question(
            "How many years older is <A>?",
            "add(times,const_1)|divide(sum,#0)|multiply(times,#1)|subtract(#2,#1)",
            "whole",
        ),
    ),
    asides=(Aside("They live in a house with {floors} floors.", "floors 2..12"),),
)

AGES_GAP = Story(
    numbers="gap 2..30; sum 20..120; years 2..15",
    tellings=(
        "<A> is {gap} years older than <B>. The sum of their ages is {sum}.",
        "The ages of <A> and <B> add up to {sum}. <A> is the older one, by {gap} years.",
    ),
    questions=(
        Question("How old is <B>?", "subtract(sum,gap)|divide(#0,const_2)", "whole"),
        Question("How old is <A>?", "add(sum,gap)|divide(#0,const_2)", "whole"),
        Question(
            "How old was <B> {years} years ago?", "subtract(sum,gap)|divide(#0,const_2)|subtract(#1,years)", "whole"
        ),
    ),
    asides=(Aside("They live at number {number} of the same street.", "number 3..120"),),
)

MEAN = Story(
    numbers="count 4..30; mean 8..90; one 5..99; rise 2..9",
    things=(("score", "tests"), ("result", "games"), ("mark", "exams")),
    tellings=(
        "<A>'s average <thing> in {count} <things> is {mean} points.",
        "In {count} <things>, <A> has an average <thing> of {mean} points.",
        "With an average of {mean} points, <A> has finished {count} <things>.",
    ),
    questions=(
        Question("How many points is that in all?", "multiply(count,mean)"),
        Question(
            "[The next <thing> is|Now <she> gets] {one} points. What is the average then?",
            "multiply(count,mean)|add(one,#0)|add(count,const_1)|divide(#1,#2)",
        ),
        Question(
            "A <thing> of {one} points is [taken out|left out]. What is the average of the others?",
            "multiply(count,mean)|subtract(#0,one)|subtract(count,const_1)|divide(#1,#2)",
        ),
        Question(
            "How high must the next <thing> be to raise the average by {rise} points?",
            "add(mean,rise)|add(count,const_1)|multiply(#0,#1)|multiply(count,mean)|subtract(#2,#3)",
        ),
    ),
    asides=(Aside("<She> is {age} years old.", "age 11..19"),),
)

THREE_GAMES = Story(
    numbers="one 6..60; two 6..60; three 6..60; goal 20..60",
    things=(("point", "points"), ("goal", "goals"), ("run", "runs")),
    tellings=(
        "A player [scores|makes] {one}, {two} and {three} <things> in three games.",
        "In three games a player [scores|makes] {one}, {two} and {three} <things>.",
    ),
    questions=(
        Question("What is the average?", "add(one,two)|add(three,#0)|divide(#1,const_3)"),
        Question("How many <things> is that in all?", "add(one,two)|add(three,#0)"),
        Question(
            "How many does the fourth game have to bring for an average of {goal}?",
            "add(one,two)|add(three,#0)|multiply(goal,const_4)|subtract(#2,#1)",
        ),
    ),
    asides=(Aside("The team has {people} players.", "people 12..25"),),
)

FRACTION = Story(
    numbers="above 1..6; below 3..7 by 2; total 90..1800 by 6",
    things=(("school", "students"), ("club", "members"), ("company", "employees"), ("village", "inhabitants")),
    tellings=(
        "{above}/{below} of the {total} <things> of a <thing> [own a bicycle|can swim|play an instrument].",
        "A <thing> has {total} <things>, and {above}/{below} of them [own a bicycle|can swim|play an instrument].",
    ),
    questions=(
        Question("How many <things> is that?", "multiply(above,total)|divide(#0,below)", "whole"),
        Question(
            "How many <things> [are left|does that leave]?",
            "multiply(above,total)|divide(#0,below)|subtract(total,#1)",
            "whole",
        ),
    ),
    asides=(Aside("The <thing> was founded in {year}.", "year year 1850..1999"),),
    where="above < below",
)

GROWTH = Story(
    numbers="people 4000..80000 by 2000; rate 2..20",
    things=(("town", "inhabitants"), ("city", "inhabitants"), ("lake", "fish"), ("forest", "trees")),
    tellings=(
        "A <thing> has {people} <things>. Their number grows by {rate}% [a|every|each] year.",
        "The number of <things> of a <thing>, {people} today, grows by {rate}% [a|every|each] year.",
    ),
    questions=(
        Question(
            "How many will there be in a year?", "multiply(people,rate)|divide(#0,const_100)|add(people,#1)", "whole"
        ),
        Question(
            "How many will there be in two years?",
            "add(const_100,rate)|divide(#0,const_100)|power(#1,const_2)|multiply(people,#2)",
            "whole",
        ),
        Question("By how many does it grow in the first year?", "multiply(people,rate)|divide(#0,const_100)", "whole"),
    ),
    asides=(Aside("The <thing> lies {high} m above the sea.", "high 20..900 by 5"),),
)

ELECTION = Story(
    numbers="rate 51..85; votes 400..40000 by 200",
    things=(("election", ""), ("contest", ""), ("runoff", "")),
    tellings=(
        "In a <thing> between two candidates {votes} votes are cast, and the winner gets {rate}% of them.",
        "The winner of a <thing> between two candidates gets {rate}% of the {votes} votes.",
    ),
    questions=(
        Question(
            "By how many votes does the winner lead?",
            "subtract(const_100,rate)|subtract(rate,#0)|multiply(votes,#1)|divide(#2,const_100)",
            "whole",
        ),
        Question(
            "How many votes does the other candidate get?",
            "subtract(const_100,rate)|multiply(votes,#0)|divide(#1,const_100)",
            "whole",
        ),
    ),
    asides=(Aside("It is held every {years} years.", "years 2..6"),),
)

PERCENT = Story(
    numbers="rate 5..95 by 5; whole 20..2400 by 20; part 6..1800 by 6; more 5..60 by 5",
    tellings=("",),
    questions=(
        Question("[What is|How much is] {rate}% of {whole}?", "multiply(rate,whole)|divide(#0,const_100)"),
        Question("{part} is what percent of {whole}?", "divide(part,whole)|multiply(#0,const_100)"),
        Question("What percent of {whole} is {part}?", "divide(part,whole)|multiply(#0,const_100)"),
        Question("{part} is {rate}% of which number?", "multiply(part,const_100)|divide(#0,rate)"),
        Question("{rate}% of which number is {part}?", "multiply(part,const_100)|divide(#0,rate)"),
        Question(
            "Which number is {more}% larger than {whole}?",
            "add(const_100,more)|multiply(whole,#0)|divide(#1,const_100)",
        ),
        Question(
            "Which number is {more}% smaller than {whole}?",
            "subtract(const_100,more)|multiply(whole,#0)|divide(#1,const_100)",
        ),
    ),
)

BELLS = Story(
    numbers="one 4..48 by 2; other 6..60 by 3; third 8..60 by 4",
    things=(("bell", "bells"), ("alarm", "alarms"), ("buzzer", "buzzers"), ("siren", "sirens")),
    tellings=("Two <things> [start together|begin at the same time].",),
    questions=(
        Question(
            "One [sounds|goes off] every {one} minutes, the other every {other} minutes. After how many minutes "
            "are they together again?",
            "lcm(one,other)",
        ),
        Question(
            "If the first goes off every {one} seconds and the second every {other} seconds, after how many "
            "minutes do they next go off together?",
            "lcm(one,other)|divide(#0,const_60)",
        ),
        Question(
            "They sound every {one} and every {other} minutes, and a third one every {third} minutes. After how "
            "many minutes do all three sound together?",
            "lcm(one,other)|lcm(third,#0)",
        ),
    ),
    asides=(Aside("It is {hour} o'clock.", "hour 6..11"),),
)

BUNCHES = Story(
    numbers="one 12..180 by 6; other 18..240 by 6",
    things=(("roses", "tulips"), ("apples", "pears"), ("pens", "rulers"), ("red beads", "blue beads")),
    tellings=(
        "<A> has {one} <thing> and {other} <things> and makes equal sets of them, with nothing left over.",
        "{other} <things> and {one} <thing> are put into equal sets, with nothing left over.",
    ),
    questions=(
        Question("What is the greatest number of sets?", "gcd(one,other)", "whole"),
        Question(
            "There are as many sets as possible. How many things are in each?",
            "gcd(one,other)|add(one,other)|divide(#1,#0)",
            "whole",
        ),
        Question(
            "There are as many sets as possible. How many <thing> are in each?",
            "gcd(one,other)|divide(one,#0)",
            "whole",
        ),
    ),
    asides=(Aside("They cost ${price} [in all|altogether].", "price money 8..60 by 0.5"),),
)

BOXES = Story(
    numbers="total 50..2000 by 7; size 6..36; price money 1..9 by 0.5",
    things=(("egg", "eggs"), ("tile", "tiles"), ("orange", "oranges"), ("bottle", "bottles"), ("book", "books")),
    tellings=(
        "{total} <things> are packed into boxes of {size}.",
        "A box holds {size} <things>, and {total} of them are to be packed.",
    ),
    questions=(
        Question("How many are left over [when as many boxes as possible are full|]?", "reminder(total,size)"),
        Question("How many boxes can be filled?", "reminder(total,size)|subtract(total,#0)|divide(#1,size)", "whole"),
        Question(
            "Only full boxes are sold, for ${price} each. How much do they bring?",
            "reminder(total,size)|subtract(total,#0)|divide(#1,size)|multiply(price,#2)",
        ),
        Question("How many more are needed to fill the last box?", "reminder(total,size)|subtract(size,#0)"),
    ),
    asides=(Aside("A box weighs {grams} g.", "grams 80..600 by 10"),),
)

TEAM = Story(
    numbers="women 5..14; men 4..12; two 2..4; three 2..3; size 2..5",
    things=(("club", "members"), ("choir", "singers"), ("class", "pupils"), ("council", "members")),
    tellings=(
        "A <thing> [has|consists of] {women} women and {men} men.",
        "There are {men} men and {women} women in a <thing>.",
    ),
    questions=(
        Question("In how many ways can a team of {size} be chosen?", "add(women,men)|choose(#0,size)", "whole"),
        Question(
            "In how many ways can a team of {two} women and {three} men be chosen?",
            "choose(women,two)|choose(men,three)|multiply(#0,#1)",
            "whole",
        ),
        Question(
            "Everybody shakes hands with everybody else. How many handshakes are there?",
            "add(women,men)|choose(#0,const_2)",
            "whole",
        ),
        Question(
            "Two of them are drawn by lot. What is the probability that both are women?",
            "add(women,men)|choose(women,const_2)|choose(#0,const_2)|divide(#1,#2)",
            "any",
        ),
    ),
    asides=(Aside("It meets {times} times a month.", "times 2..8"),),
)

TWO_NUMBERS = Story(
    numbers="sum 20..240; gap 2..90",
    tellings=(
        "The sum of two numbers is {sum} and their difference is {gap}.",
        "Two numbers differ by {gap}, and their sum is {sum}.",
    ),
    questions=(
        Question("What is the larger one?", "add(sum,gap)|divide(#0,const_2)", "whole"),
        Question("What is the smaller one?", "subtract(sum,gap)|divide(#0,const_2)", "whole"),
        Question(
            "What is their product?",
            "subtract(sum,gap)|divide(#0,const_2)|add(gap,#1)|multiply(#1,#2)",
            "whole",
        ),
    ),
    where="gap < sum",
)

SOLUTION = Story(
    numbers="litres 6..90; rate 10..80 by 5; new 5..60 by 5",
    things=(("salt", ""), ("acid", ""), ("alcohol", ""), ("sugar", "")),
    tellings=(
        "{litres} litres of a [mixture|solution] contain {rate}% <thing>.",
        "A [mixture|solution] with {rate}% <thing> measures {litres} litres.",
    ),
    questions=(
        Question(
            "How many litres of water must be added to bring it down to {new}%?",
            "multiply(litres,rate)|divide(#0,new)|subtract(#1,litres)",
        ),
        Question("How many litres of <thing> are in it?", "multiply(litres,rate)|divide(#0,const_100)"),
        Question(
            "How many litres of it are not <thing>?",
            "subtract(const_100,rate)|multiply(litres,#0)|divide(#1,const_100)",
        ),
    ),
    asides=(Aside("It stands in jar number {jar}.", "jar 2..40"),),
    where="new < rate",
)

FARM = Story(
    numbers="heads 20..150; legs 44..560 by 2",
    things=(("chickens", "rabbits"), ("ducks", "goats"), ("geese", "sheep"), ("turkeys", "cows")),
    tellings=(
        "A farmer has <thing> and <things>. They have {heads} heads and {legs} legs.",
        "The <thing> and <things> of a farm have {legs} legs and {heads} heads.",
    ),
    questions=(
        Question(
            "How many of them are <things>?", "multiply(heads,const_2)|subtract(legs,#0)|divide(#1,const_2)", "whole"
        ),
        Question(
            "How many of them are <thing>?", "multiply(heads,const_4)|subtract(#0,legs)|divide(#1,const_2)", "whole"
        ),
    ),
    asides=(Aside("The farm has {hectares} hectares.", "hectares 5..90"),),
    where="2*heads < legs; legs < 4*heads",
)

STORIES: Sequence[Story] = (
    AGES_TIMES, AGES_GAP, MEAN, THREE_GAMES, FRACTION, GROWTH, ELECTION, PERCENT, BELLS, BUNCHES, BOXES, TEAM,
    TWO_NUMBERS, SOLUTION, FARM,
)  # fmt: skip
