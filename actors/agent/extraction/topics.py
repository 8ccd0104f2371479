"""Categories for texts of any kind, each with English words that speak for it."""

_WORDS = {
    "technology": (
        "software hardware computer program code developer data internet web app cloud server network"
        " algorithm api database digital device security artificial intelligence machine learning robot"
        " chip python browser"
    ),
    "science": (
        "research study scientist physics chemistry biology experiment theory laboratory molecule genome"
        " species planet space telescope astronomy evolution quantum climate hypothesis"
    ),
    "health": (
        "health medical medicine doctor patient hospital disease treatment therapy drug vaccine virus"
        " symptom diet nutrition exercise mental cancer surgery clinic"
    ),
    "business": (
        "company market business profit revenue investor stock share finance bank economy trade customer"
        " sales startup merger acquisition price growth budget tax inflation"
    ),
    "politics": (
        "government election vote minister president parliament party policy law senate congress"
        " campaign democracy diplomat treaty legislation governor coalition"
    ),
    "sports": (
        "team match game player league coach goal score championship tournament football soccer cricket"
        " tennis basketball olympic athlete season stadium cup"
    ),
    "entertainment": (
        "film movie music song album actor actress director series television show concert band"
        " celebrity theatre streaming festival episode"
    ),
    "food": (
        "restaurant food menu cuisine dish meal chef cafe recipe cook dinner lunch breakfast pizza grill"
        " bakery dining takeaway taste ingredient bar"
    ),
    "travel": (
        "travel hotel flight airport tourist destination trip beach island visa passport itinerary"
        " resort cruise luggage journey sightseeing"
    ),
    "education": (
        "school student teacher university course lesson exam curriculum degree classroom lecture learn"
        " tutorial education scholarship college"
    ),
    "environment": (
        "climate emission carbon energy renewable solar wind pollution forest biodiversity ocean waste"
        " recycling wildlife conservation drought"
    ),
    "crime": (
        "police court crime murder arrest trial judge prison victim suspect theft fraud lawyer verdict"
        " investigation guilty"
    ),
}
TOPICS: dict[str, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _WORDS.items()}
