"""Stories of the embedded sample about money: shops, prices, wages, interest, shares and percentages."""

from __future__ import annotations

from collections.abc import Sequence

from engine.mathqa.sample_grammar import Aside, Question, Story

SMALL = (
    ("pencil", "pencils"),
    ("notebook", "notebooks"),
    ("apple", "apples"),
    ("sandwich", "sandwiches"),
    ("candle", "candles"),
    ("postcard", "postcards"),
    ("muffin", "muffins"),
)
LARGE = (("bicycle", "bicycles"), ("camera", "cameras"), ("table", "tables"), ("guitar", "guitars"), ("oven", "ovens"))
OPENING = Aside("The shop [opened in|has been there since] {year}.", "year year 1950..2019")
DISTANCE = Aside("<She> lives {far} km from there.", "far 2..19")

BUYING = Story(
    numbers="count 3..48; price money 0.25..9 by 0.25; bill money 20..200 by 10; rate 5..40 by 5",
    things=SMALL,
    tellings=(
        "<A> [buys|orders] {count} <things> at ${price} each.",
        "[A|One] <thing> costs ${price}. <A> [buys|takes] {count} of them.",
        "At the [market|corner shop] <things> cost ${price} each, and <A> [buys|needs] {count}.",
    ),
    questions=(
        Question("How much [does <she> pay|does <she> have to pay in all|is that]?", "multiply(count,price)"),
        Question("<She> pays with ${bill}. How much change does <she> get?", "multiply(count,price)|subtract(bill,#0)"),
        Question(
            "A [coupon|voucher] takes {rate}% off the total. How much does <she> pay [then|]?",
            "multiply(count,price)|multiply(rate,#0)|divide(#1,const_100)|subtract(#0,#2)",
        ),
        Question(
            "A tax of {rate}% is added [to the total|]. What does <she> pay in all?",
            "multiply(count,price)|multiply(rate,#0)|divide(#1,const_100)|add(#0,#2)",
        ),
    ),
    asides=(OPENING, DISTANCE),
)

PROFIT = Story(
    numbers="cost money 40..1200 by 20; sale money 45..1500 by 5",
    things=LARGE,
    tellings=(
        "A [dealer|merchant] buys a [used |]<thing> for ${cost} and sells it for ${sale}.",
        "A shop sells a <thing> for ${sale}. The shop itself paid ${cost} for it.",
        "<A> sold a <thing> for ${sale} after buying it for ${cost}.",
    ),
    questions=(
        Question("[How large is the profit|What is the profit in dollars]?", "subtract(sale,cost)"),
        Question(
            "What is the profit [percent|as a percentage of the cost]?",
            "subtract(sale,cost)|divide(#0,cost)|multiply(#1,const_100)",
        ),
    ),
    where="cost < sale; sale < 2*cost",
    asides=(OPENING, Aside("The deal took {weeks} weeks.", "weeks 2..9")),
)

LOSS = Story(
    numbers="cost money 60..1500 by 20; sale money 30..1200 by 5",
    things=LARGE,
    tellings=(
        "<A> bought a <thing> for ${cost} and [later|] had to sell it for ${sale}.",
        "A <thing> that cost ${cost} [was sold|went] for only ${sale}.",
    ),
    questions=(
        Question("[How large is the loss|What was lost in dollars]?", "subtract(cost,sale)"),
        Question(
            "What is the loss [percent|as a percentage of the cost]?",
            "subtract(cost,sale)|divide(#0,cost)|multiply(#1,const_100)",
        ),
    ),
    where="sale < cost; cost < 3*sale",
    asides=(Aside("Its owner had kept it for {years} years.", "years 2..12"),),
)

DISCOUNT = Story(
    numbers="price money 20..900 by 10; rate 5..60 by 5; count 2..9",
    things=LARGE,
    tellings=(
        "The [usual|regular|list] price of a <thing> is ${price}. In a sale it is [reduced|cut] by {rate}%.",
        "A shop takes {rate}% off a <thing> that [usually|normally] costs ${price}.",
        "During a sale, everything is {rate}% cheaper. A <thing> was ${price} before.",
    ),
    questions=(
        Question(
            "What is the [sale|reduced|new] price?", "subtract(const_100,rate)|multiply(price,#0)|divide(#1,const_100)"
        ),
        Question("How much does a customer save [on it|]?", "multiply(price,rate)|divide(#0,const_100)"),
        Question(
            "<A> buys {count} of them [in the sale|at the lower price]. How much does <she> pay?",
            "subtract(const_100,rate)|multiply(price,#0)|divide(#1,const_100)|multiply(count,#2)",
        ),
    ),
    asides=(OPENING, Aside("The sale lasts {days} days.", "days 3..14")),
)

TWICE_REDUCED = Story(
    numbers="price money 40..800 by 20; first 10..50 by 10; second 5..30 by 5",
    things=LARGE,
    tellings=(
        (
            "A <thing> costs ${price}. The shop takes off {first}%, and [a week|some time] later {second}% of "
            "the new price."
        ),
        "The price of a <thing>, ${price}, is [reduced|cut] by {first}% and then by another {second}%.",
    ),
    questions=(
        Question(
            "[What does it cost in the end|What is its final price]?",
            "subtract(const_100,first)|multiply(price,#0)|divide(#1,const_100)|subtract(const_100,second)|"
            "multiply(#2,#3)|divide(#4,const_100)",
        ),
        Question(
            "[How much cheaper is it in the end|How much has its price fallen in all]?",
            "subtract(const_100,first)|subtract(const_100,second)|multiply(#0,#1)|multiply(price,#2)|"
            "divide(#3,const_10000)|subtract(price,#4)",
        ),
    ),
    asides=(OPENING,),
)

WAGES = Story(
    numbers="wage money 9..32 by 0.5; hours 3..9; days 3..6; weeks 2..12; rate 5..40 by 5",
    tellings=(
        "<A> earns ${wage} an hour and works {hours} hours a day, {days} days a week.",
        "<A> works {days} days a week, {hours} hours [each day|a day], and is paid ${wage} an hour.",
    ),
    questions=(
        Question("How much does <she> earn [a|in a|each] week?", "multiply(hours,days)|multiply(wage,#0)"),
        Question(
            "How much does <she> earn in {weeks} weeks?", "multiply(hours,days)|multiply(wage,#0)|multiply(weeks,#1)"
        ),
        Question(
            "<She> saves {rate}% of it. How much does <she> save [a|each] week?",
            "multiply(hours,days)|multiply(wage,#0)|multiply(rate,#1)|divide(#2,const_100)",
        ),
    ),
    asides=(
        Aside("<She> started there in {year}.", "year year 2005..2023"),
        Aside("The way to work takes <him> {minutes} minutes.", "minutes 10..50 by 5"),
    ),
)

OVERTIME = Story(
    numbers="wage money 9..20 by 0.5; normal 30..40; over money 14..36 by 0.5; hours 36..58",
    tellings=(
        (
            "<A> is paid ${wage} an hour for the first {normal} hours of a week and ${over} for every hour after "
            "that. This week <she> worked {hours} hours."
        ),
        (
            "This week <A> worked {hours} hours. <She> gets ${over} for every hour beyond {normal}, and ${wage} "
            "for the others."
        ),
    ),
    questions=(
        Question(
            "How much did <she> earn?",
            "subtract(hours,normal)|multiply(over,#0)|multiply(wage,normal)|add(#1,#2)",
        ),
        Question("How much did the overtime [bring|bring in]?", "subtract(hours,normal)|multiply(over,#0)"),
    ),
    where="normal < hours; wage < over; over < 2*wage",
)

SIMPLE_INTEREST = Story(
    numbers="sum money 200..9000 by 100; rate 2..12 by 0.5; years 2..9; interest money 20..1800 by 10",
    tellings=(
        "<A> [puts|deposits] ${sum} [into|in] a bank that pays {rate}% simple interest a year.",
        "A bank lends ${sum} at {rate}% simple interest a year.",
        "At a simple interest of {rate}% a year, <A> [lends|invests] ${sum}.",
    ),
    questions=(
        Question(
            "How much interest is [due|there] after {years} years?",
            "multiply(sum,rate)|multiply(years,#0)|divide(#1,const_100)",
        ),
        Question(
            "What is the [whole|total] amount after {years} years?",
            "multiply(sum,rate)|multiply(years,#0)|divide(#1,const_100)|add(sum,#2)",
        ),
        Question(
            "After how many years [is the interest|has the interest grown to] ${interest}?",
            "multiply(sum,rate)|multiply(interest,const_100)|divide(#1,#0)",
            "whole",
        ),
    ),
    asides=(
        Aside("The bank has {branches} branches.", "branches 12..90"),
        Aside("The bank was founded in {year}.", "year year 1850..2001"),
    ),
    where="interest < sum",
)

COMPOUND_INTEREST = Story(
    numbers="sum money 500..9000 by 500; rate 2..10; years 2..5",
    tellings=(
        (
            "<A> invests ${sum} at {rate}% interest a year, compounded yearly[, for {years} years|, and leaves "
            "it there for {years} years]."
        ),
        "For {years} years a sum of ${sum} earns {rate}% [a year|each year], compounded [yearly|every year].",
    ),
    questions=(
        Question(
            "What is the amount [in the end|at the end of that time]?",
            "add(const_100,rate)|divide(#0,const_100)|power(#1,years)|multiply(sum,#2)",
            "any",
        ),
        Question(
            "How much interest does it earn [in all|]?",
            "add(const_100,rate)|divide(#0,const_100)|power(#1,years)|multiply(sum,#2)|subtract(#3,sum)",
            "any",
        ),
    ),
    asides=(Aside("The bank has {branches} branches.", "branches 12..90"),),
)

BUDGET = Story(
    numbers="income money 1200..5000 by 100; rent 20..45; food 10..30",
    tellings=(
        "<A> earns ${income} a month. <She> spends {rent}% of it on rent and {food}% on food.",
        "Rent takes {rent}% of <A>'s monthly income, and food {food}%. <She> earns ${income} [a|each] month.",
    ),
    questions=(
        Question(
            "How much is left for everything else?",
            "add(rent,food)|subtract(const_100,#0)|multiply(income,#1)|divide(#2,const_100)",
        ),
        Question(
            "How much do rent and food cost <him> together?",
            "add(rent,food)|multiply(income,#0)|divide(#1,const_100)",
        ),
        Question("How much does <she> spend on food?", "multiply(income,food)|divide(#0,const_100)"),
        Question(
            "How much more does <she> spend on rent than on food?",
            "subtract(rent,food)|multiply(income,#0)|divide(#1,const_100)",
        ),
    ),
    asides=(
        Aside("<She> is {age} years old.", "age 22..64"),
        Aside("<She> lives {far} km from <her> work.", "far 2..40"),
    ),
    where="food < rent",
)

MIXTURE = Story(
    numbers="much 2..40; price money 2..12 by 0.5; more 2..40; other money 3..18 by 0.5",
    things=(("tea", "tea"), ("coffee", "coffee"), ("rice", "rice"), ("nuts", "nuts")),
    tellings=(
        (
            "A grocer mixes {much} kg of <thing> at ${price} a kilogram with {more} kg of another kind at "
            "${other} a kilogram."
        ),
        "A mixture is made of {more} kg of <thing> at ${other} a kilogram and {much} kg at ${price} a kilogram.",
    ),
    questions=(
        Question(
            "What is a kilogram of the mixture worth?",
            "multiply(much,price)|multiply(more,other)|add(#0,#1)|add(much,more)|divide(#2,#3)",
        ),
        Question("What is the whole mixture worth?", "multiply(much,price)|multiply(more,other)|add(#0,#1)"),
    ),
    asides=(OPENING,),
)

TICKETS = Story(
    numbers="adult money 6..24 by 0.5; child money 3..12 by 0.5; adults 2..40; children 3..80",
    things=(("zoo", ""), ("museum", ""), ("theatre", ""), ("circus", "")),
    tellings=(
        (
            "A ticket for the <thing> costs ${adult} for adults and ${child} for children. A group of {adults} "
            "adults and {children} children [wants to go|comes]."
        ),
        "{adults} adults and {children} children visit the <thing>. Adults pay ${adult} each, children ${child}.",
    ),
    questions=(
        Question(
            "How much do [their tickets cost|they pay] in all?",
            "multiply(adult,adults)|multiply(child,children)|add(#0,#1)",
        ),
        Question(
            "How much less would they pay if all of them were children?",
            "subtract(adult,child)|multiply(adults,#0)",
        ),
    ),
    asides=(Aside("The <thing> is open {hours} hours a day.", "hours 6..12"),),
    where="child < adult",
)

SHARING = Story(
    numbers="sum money 60..5000 by 20; first 2..9; second 1..8",
    tellings=(
        "<A> and <B> share ${sum} in the ratio {first}:{second}.",
        "A prize of ${sum} is divided between <A> and <B> in the ratio {first}:{second}.",
        "In the ratio {first}:{second}, <A> and <B> divide [a profit of|a gift of|] ${sum}.",
    ),
    questions=(
        Question("How much does <A> get?", "add(first,second)|divide(sum,#0)|multiply(first,#1)"),
        Question("How much does <B> get?", "add(first,second)|divide(sum,#0)|multiply(second,#1)"),
        Question(
            "How much more does <A> get than <B>?",
            "add(first,second)|divide(sum,#0)|subtract(first,second)|multiply(#1,#2)",
        ),
    ),
    asides=(Aside("They have known each other for {years} years.", "years 3..25"),),
    where="second < first",
)

DOZEN = Story(
    numbers="price money 1.5..9 by 0.5; count 24..600 by 12; bill money 20..200 by 10",
    things=(("egg", "eggs"), ("rose", "roses"), ("roll", "rolls"), ("oyster", "oysters")),
    tellings=(
        "<Things> cost ${price} a dozen. <A> [needs|buys] {count} of them.",
        "<A> [needs|buys] {count} <things>, which are sold at ${price} a dozen.",
    ),
    questions=(
        Question("How much does <she> pay?", "divide(count,const_12)|multiply(price,#0)"),
        Question("How much is left of ${bill}?", "divide(count,const_12)|multiply(price,#0)|subtract(bill,#1)"),
    ),
    asides=(OPENING, DISTANCE),
)

SAVING = Story(
    numbers="goal money 150..2000 by 10; have money 20..400 by 10; week money 5..60 by 5",
    things=LARGE,
    tellings=(
        "<A> saves for a <thing> that costs ${goal}. <She> has ${have} and puts aside ${week} [a|every] week.",
        "<A> puts aside ${week} [a|every] week for a <thing>. It costs ${goal}, and <she> has ${have} already.",
    ),
    questions=(
        Question(
            "[After how many weeks|In how many weeks] can <she> buy it?", "subtract(goal,have)|divide(#0,week)", "whole"
        ),
        Question(
            "What percentage of the price does <she> have [so far|already]?",
            "divide(have,goal)|multiply(#0,const_100)",
        ),
    ),
    asides=(Aside("<She> is {age} years old.", "age 12..40"),),
    where="have < goal",
)

STORIES: Sequence[Story] = (
    BUYING, PROFIT, LOSS, DISCOUNT, TWICE_REDUCED, WAGES, OVERTIME, SIMPLE_INTEREST, COMPOUND_INTEREST, BUDGET, MIXTURE,
    TICKETS, SHARING, DOZEN, SAVING,
)  # fmt: skip
