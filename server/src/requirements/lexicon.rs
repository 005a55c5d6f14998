//! The words of each language that the extractor goes by. Patterns are matched without regard to letter case.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

/// One language.
pub(super) struct Lexicon {
    /// Greetings, thanks and politeness, taken off both ends of a clause.
    pub(super) polite: Regex,
    /// "I need", "we are looking for": what follows is needed.
    pub(super) need: Regex,
    /// "do you offer", "is there": a question that shows a need.
    pub(super) question: Regex,
    /// "it must", "should have", "with": what follows is a feature or a limit.
    pub(super) feature: Regex,
    /// What is not wanted, and what is only imagined or somebody else's.
    pub(super) excluded: Regex,
    /// What they have now, what fails.
    pub(super) present: Regex,
    /// A demo, a call, a quote.
    pub(super) decision: Regex,
    /// A day, a deadline, how often.
    pub(super) time: Regex,
    /// A number with its unit.
    pub(super) amount: Regex,
    /// Where.
    pub(super) place: Regex,
    /// Words of the first and second person.
    pub(super) person: Regex,
    /// Articles and fillers at the start of what is named.
    pub(super) article: Regex,
    /// A correction of what was said before.
    pub(super) correction: Regex,
    /// An answer that accepts.
    pub(super) yes: Regex,
    /// An answer that declines.
    pub(super) no: Regex,
    /// How a question begins that offers something.
    pub(super) offer: Regex,
}

/// The patterns of a language, named as the fields of [`Lexicon`].
struct Words {
    /// Frequent words that tell the language, apart by spaces.
    common: &'static str,
    polite: &'static str,
    need: &'static str,
    question: &'static str,
    feature: &'static str,
    excluded: &'static str,
    present: &'static str,
    decision: &'static str,
    time: &'static str,
    units: &'static str,
    place: &'static str,
    person: &'static str,
    article: &'static str,
    correction: &'static str,
    yes: &'static str,
    no: &'static str,
    offer: &'static str,
}

const ENGLISH: Words = Words {
    common: "the and is are for with we you have need my our to of it in on that this can do would looking please",
    polite: r"hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|dear (?:team|sir or madam|all)|there|team|please|pls|thanks?(?: you)?(?: so much| very much| a lot| in advance| again)?|thx|cheers|kind regards|best regards|regards|kindly|sorry(?: to bother)?|excuse me|ok(?:ay)?|well|so|also|and|but|oh|um+|hmm+|yeah|yes|just|basically|actually|great|perfect|awesome|cool|nice|lol|haha|btw|by the way|fyi|anyway|plus|then|if possible|ideally|maybe|perhaps|i (?:think|guess|hope|suppose)|as well|too|though|i was wondering(?: if)?|wondering(?: if)?|quick question|you know",
    need: r"(?:(?:i|we|they)(?:'m|'re|'d|'ve| am| are| would| will| do| have)?|i am|my (?:company|team|wife|husband|boss|mother|father|daughter|son)|our (?:company|team|office|shop|school|club|firm))?(?: ?(?:just|also|really|currently|urgently|mainly|mostly|still|now|desperately|only|here|both|all))* ?(?:need(?:s|ing|ed)?(?: (?:some|any))? (?:help|assistance|support) (?:with|on|in|to)|need(?:s|ed)?(?: to (?:have|get|buy|book|order|find|rent|hire|know))?|want(?:s|ed)?(?: to (?:have|get|buy|book|order|find|rent|hire))?|would (?:like|love|need)(?: to (?:have|get|buy|book|order|find|rent|hire|know))?|'?d (?:like|love|need)(?: to (?:have|get|buy|book|order|find|rent|hire))?|like to (?:buy|book|order|rent|hire|get)|look(?:ing)? (?:for|to(?: (?:buy|book|get|hire|rent))?|into)|search(?:ing)? for|shopping for|in the market for|in need of|interested in|hop(?:e|ing) (?:for|to)|try(?:ing)? to(?: (?:find|get|buy))?|plan(?:ning)?(?: on| to)?|require[sd]?|request(?:ing)?|after|gonna need|thinking (?:of|about)|have to (?:get|find|replace|move|fix))\b",
    question: r"\b(?:do(?:es)? (?:you|u|your \w+|it|the \w+)(?: guys)?(?: also| even)? (?:have|offer|sell|do|provide|support|stock|accept|deliver|ship|install|repair|make|handle|work with|integrate with|take|come|know|cover|rent|include|speak|build)?|can (?:you|u|someone|anyone|it)(?: guys)?(?: also| maybe)?(?: (?:help|assist)(?: me| us)? (?:with|to)?)?|could (?:you|someone|i|we)|can (?:i|we)|is there|are there|is it possible(?: to| for)?|would it be possible(?: to)?|have you got|any chance(?: of| to)?|are you able to|will you|what about|how about|how much (?:is|are|would|does|for|do)|what (?:is|are|would) the (?:price|cost|rate)s?(?: of| for)?)",
    feature: r"\b(?:must|should|has to|have to|needs? to|with|without|no|only|prefer(?:ably|red)?|compatible|works? with|integrat\w+|include[sd]?|including|made of|in (?:black|white|red|blue|green|grey|gray|oak|steel|wood)|at least|at most|minimum|max(?:imum)?|important|allerg\w+|vegan|vegetarian|gluten|halal|kosher|wheelchair|accessible|gdpr|hipaa|iso|offline|waterproof|second.?hand|used|new|size|colou?r)\b",
    excluded: r"\b(?:(?:don'?t|do not|doesn'?t|does not|didn'?t|won'?t|not) (?:really |actually |even )?(?:need|want|require|looking for|interested|care)|no need (?:for|to)|no longer (?:need|want|interested)|not (?:a|an) \w+ (?:person|fan)|if (?:i|we) (?:had|were|won)|wish (?:i|we) had|(?:my|a|our) (?:friend|brother|sister|neighbou?r|colleague|cousin|competitor)s? (?:has|have|had|pays?|paid|got|bought|uses?|spent|said|told|recommended)|(?:he|she|they) (?:pays?|paid|got|spent))\b",
    present: r"\b(?:currently|(?:we|i) (?:now )?pay|at the moment|right now|so far|(?:we|i)(?:'re| are|'m| am)? (?:currently )?us(?:e|ing)|we(?:'ve| have)? (?:got|had|have)|i(?:'ve| have)? (?:got|had|have)|our (?:contract|lease|supplier|provider|old)|my (?:old|current)|our current|contract (?:ends?|expires?|runs)|switch(?:ing)? from|migrat\w+ from|mov(?:e|ing) (?:away )?from|broken?|broke|cracked|leak(?:s|ing|ed)?|doesn'?t (?:work|start|turn|open|load|charge|print)|does not (?:work|start|turn|open|load)|not working|isn'?t working|stopped|stops|fail(?:s|ed|ing)?|errors?|crash(?:es|ed|ing)?|damaged|missing|wrong|(?:hasn'?t|has not|haven'?t|never) arrived|lost|can'?t (?:log|access|open|connect|print|sign|pay|find)|cannot (?:log|access|open|connect|print|sign)|won'?t (?:start|open|turn|load|close|charge|print)|charged (?:twice|double)|too (?:slow|expensive|old|small)|nois[ey]|smells?|drips?|dripping|blocked|clogged|flat tyre|refund|since)\b",
    decision: r"\b(?:demo|free trial|trial|sample|samples|quote|quotation|proposal|estimate|call ?back|phone call|a call|site visit|visit|viewing|appointment|meeting|test (?:ride|drive)|consultation|catalogue|brochure|price list|invoice|sign off|decide[sd]?|decision|board|partner (?:has|must))\b",
    time: r"\b(?:today|tonight|tomorrow|asap|as soon as possible|urgent(?:ly)?|immediately|right away|deadline|due|(?:by|before|until|till|on|from|starting|start|this|next|every|each|in|since|around|mid|early|late|end of|beginning of) (?:the )?(?:end of (?:the )?)?(?:next )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:this|next|every|each|per|coming|last) (?:week(?:end)?|month|quarter|year|spring|summer|autumn|fall|winter|morning|evening|night|day)s?|(?:end|beginning|middle|start) of (?:the |this |next )?(?:week|month|quarter|year|january|february|march|april|may|june|july|august|september|october|november|december)|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?\.? ?\d{0,2}\b|(?:in|by|before|until|from|since|of|early|late|mid) may\b|may \d{1,2}|\d{1,2}(?:st|nd|rd|th)? (?:of )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*|(?:in|within|for|every|after) (?:about |around |the next )?(?:\d+|a|one|two|three|four|five|six|a few|a couple of)(?: ?(?:-|to) ?\d+)? (?:hours?|days?|weeks?|months?|years?|nights?)|\d+ (?:nights?|weeks?|months?|days?)|weekly|daily|monthly|quarterly|weekends?|weekdays|mornings?|afternoons?|evenings?|once a \w+|twice a \w+|(?:at|after|before|around|from) \d{1,2}(?::\d{2})? ?(?:am|pm|o'clock)|\d{1,2}(?::\d{2})? ?(?:am|pm)|christmas|easter|new year|q[1-4]|kw ?\d+|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?)\b",
    units: r"people|persons?|guests?|users?|seats?|employees|staff|agents?|colleagues|members?|students?|kids?|children|adults?|rooms?|bedrooms?|pieces?|pcs|units?|copies|orders?|boxes|pallets?|windows?|doors?|chairs?|tables?|desks?|laptops?|computers?|phones?|licen[cs]es?|cars?|vans?|trucks?|bikes?|vehicles?|kg|kilos?|tons?|tonnes?|lbs?|km|miles?|m2|m²|sqm|square (?:metres?|meters?|feet)|sq ?ft|metres?|meters?|cm|mm|inch(?:es)?|litres?|liters?|pages?|floors?|storeys?|products?|items?|skus?|stores?|shops?|locations?|offices?|branches|languages?|hours?|years? old|emails?|contacts|tickets?|calls|visitors|gb|tb|kw|kwh|hp|shirts?|cakes?|meals?|pizzas?|bottles?|dogs?|cats?|horses?",
    place: r"\b(?:(?:in|to|from|near|around|at|outside|within|based in|located in|towards?) (?:the )?[A-ZÄÖÜÉÅØŁ][\w'’äöüéèåøæñçł-]+(?: [A-Z][\w'’-]+)*|remote(?:ly)?|on.?site|at (?:home|our (?:office|place|site))|downtown|nationwide|worldwide|within \d+ ?(?:km|miles?)|(?i:zip(?: code)?|post ?code) \w+)",
    person: r"\b(?:i'm|i've|i'd|i'll|i am|we're|we've|we'd|we'll|you're|you've|you'd|you'll|i|me|my|mine|myself|we|us|our|ours|you|your|yours|u|ur)\b",
    article: r"^(?:a|an|the|some|any|that|this|it|is|are|was|am|be|to|of|for|if|about|there|which|who|have|has|got|get|getting|having|would|will|can|do|does|and|or|with regards? to|regarding|bit of)\b",
    correction: r"\b(?:actually|sorry|correction|i mean(?:t)?|make (?:it|that)|no wait|wait|scratch that|instead|rather|oops|changed (?:my|our) mind|not \d+)\b",
    yes: r"^(?:yes|yeah|yep|yup|sure|ok(?:ay)?|please do|sounds (?:good|great)|perfect|great|good|fine|that works|works for (?:me|us)|absolutely|definitely|of course|correct|exactly|right|deal|agreed)\b",
    no: r"^(?:no|nope|nah|not really|not now|no thanks?|rather not)\b",
    offer: r"^.*?\b(?:would you like(?: me to| us to| to (?:book|have|get))?|do you want(?: me to| us to| to)?|shall (?:i|we)(?: send| book| arrange| schedule)?|should (?:i|we)|can (?:i|we) (?:offer|send|book|arrange|schedule)(?: you)?|could (?:i|we) (?:offer|send|book|arrange|schedule)(?: you)?|how about|what about|we (?:can|could) (?:offer|send|book|arrange|schedule|do)(?: you)?|i (?:can|could) (?:offer|send|book|arrange|schedule)(?: you)?)\b",
};

const GERMAN: Words = Words {
    common: "der die das und ist ich wir sie für mit ein eine einen nicht haben brauche brauchen suchen bitte auf im zu den",
    polite: r"hallo|hi|moin|servus|grüezi|guten (?:tag|morgen|abend)|liebes team|sehr geehrte damen und herren|bitte|danke(?: schön| im voraus| vorab)?|vielen dank(?: im voraus)?|mfg|viele grüße|liebe grüße|mit freundlichen grüßen|also|und|aber|auch|ja|ok(?:ay)?|gerne|eigentlich|vielleicht|gut|super|prima|außerdem|dann|noch|mal|am besten|wenn möglich",
    need: r"(?:ich|wir)?(?: ?(?:auch|noch|dringend|gerade|aktuell|derzeit))* ?(?:brauch(?:e|en|t)|benötig(?:e|en|t)|such(?:e|en)(?: (?:wir|ich))?(?: nach)?|möcht(?:e|en)(?: (?:ich|wir))?|hätt(?:e|en)(?: (?:ich|wir))? ?gern(?:e)?|will|wollen|wünsch(?:e|en)(?: (?:mir|uns))?|interessier(?:e|en)(?: (?:mich|uns))? für|(?:bin|sind)(?: (?:ich|wir))? auf der suche nach|plan(?:e|en)|würd(?:e|en)(?: (?:ich|wir))? gern(?:e)?)(?: (?:ich|wir))?\b",
    question: r"\b(?:(?:haben|bieten|machen|verkaufen|liefern|reparieren|können|könnten|führen|unterstützen|vermieten|montieren|installieren|nehmen|kommen)(?: sie| ihr)(?: auch)?|gibt es(?: auch)?|ist es möglich|kann man|kann ich|können wir|was kostet|was kosten|wie viel kostet|wieviel kostet)\b",
    feature: r"\b(?:muss|müssen|soll(?:te|ten|en)?|mit|ohne|nur|kein(?:e|en)?|am liebsten|kompatibel|mindestens|höchstens|wichtig|vegan|vegetarisch|glutenfrei|allergi\w+|barrierefrei|gebraucht|neu|größe|farbe|dsgvo)\b",
    excluded: r"\b(?:(?:brauch(?:e|en)|will|wollen|möcht(?:e|en)|benötig(?:e|en))(?: (?:ich|wir))? (?:\w+ )?(?:nicht|kein(?:e|en|er)?)|(?:nicht|kein(?:e|en)?) (?:\w+ )?(?:nötig|notwendig|gewünscht)|wenn (?:ich|wir) .* hätten?|mein(?:e)? (?:freund|nachbar|bruder|schwester|kolleg)\w* (?:hat|zahlt|nutzt))\b",
    present: r"\b(?:aktuell|derzeit|zurzeit|momentan|im moment|bisher|(?:wir|ich) (?:nutzen|nutze|haben|habe|verwenden|verwende|arbeiten)|unser(?:e)? (?:vertrag|anbieter|alte[rs]?)|kaputt|defekt|tropft|undicht|funktioniert nicht|geht nicht|läuft (?:aus|nicht)|startet nicht|fehler|fehlt|beschädigt|falsch|nicht angekommen|verloren|zu (?:langsam|teuer|alt)|abgestürzt|ausgefallen|seit|wechseln von)\b",
    decision: r"\b(?:demo|probe\w*|muster|angebot|kostenvoranschlag|rückruf|anruf|termin|besichtigung|beratung|testphase|testzugang|katalog|preisliste|entscheid\w+)\b",
    time: r"\b(?:heute|morgen|übermorgen|sofort|dringend|so bald wie möglich|schnellstmöglich|asap|frist|(?:bis|ab|am|vor|nach|im|seit|jeden|nächste[nrs]?|diese[nrs]?|kommende[nrs]?|ende|anfang|mitte)(?: (?:zum|ende|anfang|mitte|der|des))? (?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|woche|monat|jahr|quartal|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|frühling|frühjahr|sommer|herbst|winter|wochenende)s?|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?|\d{1,2}\. ?(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|\d{1,2}\.(?:\d{2,4})?)|(?:januar|februar|märz|april|juni|juli|august|september|oktober|november|dezember)|(?:in|innerhalb von|für) (?:\d+|zwei|drei|vier|einer|einem) (?:tag|woche|monat|jahr|stunde|nächt)\w*|wöchentlich|täglich|monatlich|wochenende|abends|morgens|vormittags|nachmittags|\d{1,2}(?::\d{2})? uhr|kw ?\d+|weihnachten|ostern)\b",
    units: r"personen|leute|gäste|nutzer|benutzer|mitarbeiter(?:innen)?|kinder|erwachsene|zimmer|stück|einheiten|bestellungen|fenster|türen|stühle|tische|laptops?|lizenzen|autos?|fahrräder|räder|kg|kilo|tonnen|km|m2|m²|qm|quadratmeter|meter|cm|mm|liter|seiten|stockwerke?|etagen?|produkte|artikel|filialen|standorte|sprachen|stunden|plätze|arbeitsplätze|flaschen|torten|hemden|t-shirts|nächte",
    place: r"\b(?:(?:in|nach|aus|bei|von|nahe|um) [A-ZÄÖÜ][\wäöüß-]+(?: [A-ZÄÖÜ][\wäöüß-]+)?|remote|vor ort|\d{5} [A-ZÄÖÜ]\w+)",
    person: r"\b(?:ich|mir|mich|mein(?:e[nmrs]?)?|wir|uns|unser(?:e[nmrs]?)?|du|dir|dich|dein(?:e[nmrs]?)?|sie|ihnen|ihr(?:e[nmrs]?)?|euch|euer|eure[nmrs]?)\b",
    article: r"^(?:ein|eine|einen|einem|einer|der|die|das|den|dem|es|ist|sind|hat|haben|habe|da|dass|für|zu|und|oder|nach|etwas|um|auch)\b",
    correction: r"\b(?:doch|sorry|entschuldigung|korrektur|ich meine|ich meinte|besser gesagt|stattdessen|halt|nein|lieber)\b",
    yes: r"^(?:ja|gerne?|klar|ok(?:ay)?|passt|perfekt|super|genau|natürlich|einverstanden|sehr gern)\b",
    no: r"^(?:nein|nee|lieber nicht|nicht nötig|kein)\b",
    offer: r"^.*?\b(?:möchten sie(?: gerne?)?|wollen sie|sollen wir|soll ich|dürfen wir|wie wäre(?: es mit)?|passt(?: ihnen)?|wir können(?: ihnen)?|ich kann(?: ihnen)?)\b",
};

const FRENCH: Words = Words {
    common: "le la les et est je nous vous pour avec un une des besoin avons cherche cherchons de du dans sur que pas votre",
    polite: r"bonjour|bonsoir|salut|coucou|s'il vous plaît|svp|merci(?: beaucoup| d'avance| bien)?|cordialement|bonne (?:journée|soirée)|et|mais|aussi|donc|alors|oui|ok|si possible|peut-être|en fait|d'accord|parfait|super|voilà",
    need: r"(?:j(?:e |'|’)|nous |on )?(?:(?:ai|avons|a|aurais|aurions) besoin (?:de |d'|d’|du |des )?|cherch(?:e|ons|ez) (?:à )?|recherch(?:e|ons) |voud?rai(?:s|ent) |voudrions |aimerai(?:s|ent) |aimerions |souhait(?:e|ons|erais|erions) |veux |voulons |suis intéressée? par |sommes intéressée?s par |suis à la recherche (?:de |d'|d’)|il (?:me|nous) faut |il (?:me|nous) faudrait |envisage(?:ons)? (?:de )?)(?:avoir |acheter |réserver |commander |trouver |louer )?",
    question: r"\b(?:est-ce que vous (?:avez|faites|proposez|livrez|vendez|pouvez)?|avez-vous|faites-vous|proposez-vous|livrez-vous|vendez-vous|pouvez-vous|pourriez-vous|acceptez-vous|y a-t-il|est-il possible(?: de| d')?|vous (?:avez|faites|livrez|proposez)|combien coûte(?:nt)?|quel est le prix (?:de |d'|du )?|peut-on)",
    feature: r"\b(?:doit|doivent|devra(?:it)?|avec|sans|uniquement|seulement|de préférence|compatible|au moins|au maximum|important|végan|végétarien\w*|gluten|allergi\w+|accessible|occasion|neuf|taille|couleur|rgpd)\b",
    excluded: r"\b(?:n['’e] ?\w* ?(?:avons|ai|a|veux|voulons|faut) (?:pas|plus)|pas besoin|si (?:j['’]avais|nous avions)|mon (?:ami|voisin|frère|collègue) (?:a|paie|utilise))\b",
    present: r"\b(?:actuellement|en ce moment|pour l['’]instant|jusqu['’]ici|nous (?:utilisons|avons)|j['’](?:utilise|ai)|notre (?:contrat|fournisseur|ancien\w*)|cassée?|en panne|fuit|fuite|ne (?:marche|fonctionne|démarre|s['’]ouvre) (?:pas|plus)|erreur|manque|abîmée?|endommagée?|pas (?:arrivée?|reçue?)|perdue?|trop (?:lent|cher|vieux)\w*|depuis)\b",
    decision: r"\b(?:démo(?:nstration)?|essai|échantillons?|devis|rappel(?:er)?|appel|rendez-vous|visite|catalogue|proposition|décision)\b",
    time: r"\b(?:aujourd['’]hui|demain|urgent|au plus vite|dès que possible|rapidement|(?:avant|pour|dès|à partir de|jusqu['’]au|le|en|fin|début|mi|mi-|chaque|tous les|d['’]ici|ce|cette|depuis)(?: la| le| fin| début)? ?(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|semaine|mois|année|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|printemps|été|automne|hiver|week-end)s?|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)s?|\d{1,2}(?:er)? (?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)|(?:semaine|mois|année) prochaine?|mois prochain|dans \d+ (?:jours|semaines|mois)|(?:deux|trois|\d+) (?:fois par|nuits|jours|semaines|mois)|\d{1,2} ?h(?:\d{2})?|noël|pâques|\d{1,2}/\d{1,2}(?:/\d{2,4})?)\b",
    units: r"personnes|invités|utilisateurs|employés|salariés|enfants|adultes|chambres|pièces|commandes|fenêtres|portes|chaises|tables|ordinateurs|licences|voitures|vélos|kg|kilos|tonnes|km|m2|m²|mètres(?: carrés)?|cm|mm|litres|pages|étages|produits|articles|magasins|langues|heures|places|bouteilles|nuits",
    place: r"\b(?:(?:à|a|de|en|vers|près de|depuis|sur) [A-ZÉÈÎ][\wéèêàâîôûç-]+(?: [A-Z][\wéèêàâîôûç-]+)?|à distance|sur place|à domicile)",
    person: r"(?:\b(?:je|moi|me|mon|ma|mes|nous|notre|nos|on|tu|toi|ton|ta|tes|vous|votre|vos)\b|\bj['’])",
    article: r"^(?:un|une|des|du|de la|de l['’]|d['’]|de|le|la|les|l['’]|est|sont|ce|c['’]est|que|qu['’]|et|pour|si)\b ?",
    correction: r"\b(?:en fait|pardon|désolée?|correction|plutôt|non|je veux dire|finalement)\b",
    yes: r"^(?:oui|d['’]accord|ok|parfait|volontiers|avec plaisir|bien sûr|ça marche|très bien)\b",
    no: r"^(?:non|pas vraiment|pas maintenant)\b",
    offer: r"^.*?\b(?:voulez-vous(?: que)?|souhaitez-vous|on peut(?: vous)?|nous pouvons(?: vous)?|je peux(?: vous)?|pouvons-nous)\b",
};

const SPANISH: Words = Words {
    common: "el la los las y es para con un una necesito necesitamos busco buscamos por que de en del no somos tenemos hola",
    polite: r"hola|buenas?(?: (?:tardes|días|noches))?|buenos días|por favor|gracias(?: de antemano)?|muchas gracias|un saludo|saludos|y|pero|también|además|entonces|sí|vale|ok|si es posible|quizás|perfecto|genial|bueno|pues|disculp\w+|perdón",
    need: r"(?:yo |nosotros )?(?:me |nos )?(?:necesit(?:o|amos|aría|aríamos)|busc(?:o|amos)|quier(?:o|e)|queremos|querría(?:mos)?|quisiera(?:mos)?|gustaría(?: (?:tener|comprar|reservar|contratar|pedir))?|est(?:oy|amos) (?:buscando|interesad[oa]s? en)|interesa|hace falta)(?: (?:comprar|reservar|contratar|pedir|encontrar|alquilar))?\b",
    question: r"\b¿?(?:tienen|tenéis|ofrecen|ofrecéis|hacen|hacéis|venden|vendéis|envían|entregan|reparan|pueden|podéis|podrían|aceptan|hay|es posible|se puede|cuánto cuesta(?:n)?|cuánto vale|qué precio tiene)\b",
    feature: r"\b(?:debe(?:n|ría)?|tiene que|con|sin|solo|sólo|preferiblemente|compatible|al menos|como máximo|importante|vegan[oa]s?|vegetarian[oa]s?|gluten|alergi\w+|accesible|segunda mano|nuevo|talla|color)\b",
    excluded: r"\b(?:no (?:necesit\w+|quier\w+|queremos|hace falta|busc\w+)|si (?:tuviera|tuviéramos)|mi (?:amigo|vecino|hermano) (?:tiene|paga|usa))\b",
    present: r"\b(?:actualmente|ahora mismo|de momento|hasta ahora|(?:ya )?(?:usamos|uso|tenemos|tengo)|nuestro (?:contrato|proveedor)|rot[oa]|averiad[oa]|gotea|fuga|no (?:funciona|arranca|abre|enciende|carga|llegó|ha llegado)|error|falta|dañad[oa]|perdid[oa]|demasiado (?:lent|car|viej)\w*|desde)\b",
    decision: r"\b(?:demo(?:stración)?|prueba|muestras?|presupuesto|cotización|llamada|llam(?:en|ar)|cita|visita|reunión|catálogo|propuesta)\b",
    time: r"\b(?:hoy|mañana|urgente|cuanto antes|lo antes posible|(?:antes de|para|hasta|desde|el|en|a finales de|a principios de|cada|este|esta|los|próxim[oa])(?: el| la| finales de)? ?(?:lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|semana|mes|año|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|primavera|verano|otoño|invierno|fin de semana)|lunes|martes|miércoles|jueves|viernes|sábado|domingo|\d{1,2} de (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)|(?:semana|mes) que viene|en \d+ (?:días|semanas|meses)|\d+ (?:noches|días|semanas|meses)|navidad|\d{1,2}/\d{1,2}(?:/\d{2,4})?|a las \d{1,2}(?::\d{2})?)\b",
    units: r"personas|invitados|usuarios|empleados|niños|adultos|habitaciones|piezas|unidades|pedidos|ventanas|puertas|sillas|mesas|ordenadores|licencias|coches|bicicletas|bicis|kg|kilos|toneladas|km|m2|m²|metros(?: cuadrados)?|cm|mm|litros|páginas|plantas|productos|artículos|tiendas|idiomas|horas|plazas|botellas|noches",
    place: r"\b(?:(?:en|a|de|desde|cerca de|hasta|hacia) [A-ZÁÉÍÓÚÑ][\wáéíóúñ-]+(?: [A-ZÁÉÍÓÚÑ][\wáéíóúñ-]+)?|en remoto|a domicilio|presencial)",
    person: r"\b(?:yo|me|mí|mi|mis|nosotr[oa]s|nos|nuestr[oa]s?|tú|te|tu|tus|usted(?:es)?|vosotr[oa]s|vuestr[oa]s?|os)\b",
    article: r"^(?:un|una|unos|unas|el|la|los|las|de|del|es|son|está|que|y|para|si|lo)\b",
    correction: r"\b(?:perdón|mejor dicho|mejor|en realidad|corrección|quiero decir|disculpa|no,)",
    yes: r"^(?:sí|si|vale|ok|claro|perfecto|de acuerdo|por supuesto|genial|bien)\b",
    no: r"^(?:no)\b",
    offer: r"^.*?\b(?:¿?quiere(?:n)?(?: que)?|¿?le gustaría|podemos|puedo|¿?qué tal)\b",
};

const ITALIAN: Words = Words {
    common: "il lo gli e è per con un una abbiamo bisogno cerco cerchiamo vorrei di che non del della siamo buongiorno ciao sono",
    polite: r"ciao|salve|buongiorno|buonasera|per favore|per cortesia|grazie(?: mille| in anticipo)?|cordiali saluti|saluti|e|ma|anche|inoltre|allora|sì|ok|se possibile|magari|perfetto|bene|scusi|scusate",
    need: r"(?:mi |ci |io |noi )?(?:(?:ho|abbiamo|avrei|avremmo) bisogno (?:di |del |della |d['’])?|serv(?:e|ono|irebbe)|cerc(?:o|hiamo)|vorre(?:i|mmo)|voglio|vogliamo|st(?:o|iamo) cercando|(?:sono|siamo) interessat[oiae] (?:a |al )|piacerebbe)(?: (?:avere|comprare|prenotare|ordinare|trovare|noleggiare))?\b",
    question: r"\b(?:avete|offrite|fate|vendete|consegnate|spedite|riparate|potete|potreste|accettate|c['’]è|ci sono|è possibile|si può|quanto costa(?:no)?|qual è il prezzo)\b",
    feature: r"\b(?:deve|devono|dovrebbe|con|senza|solo|preferibilmente|compatibile|almeno|al massimo|importante|vegan[oaie]|vegetarian[oaie]|glutine|allergi\w+|accessibile|usato|nuovo|taglia|colore)\b",
    excluded: r"\b(?:non (?:ho|abbiamo|mi|ci|serve|vogli\w+|cerc\w+) ?(?:bisogno|serve)?|se (?:avessi|avessimo)|(?:un )?mio (?:amico|vicino|fratello) (?:ha|paga|usa))\b",
    present: r"\b(?:attualmente|al momento|adesso|finora|(?:usiamo|uso|utilizziamo|abbiamo già|ho già)|il nostro (?:contratto|fornitore)|rott[oa]|guast[oa]|perde|perdita|non (?:funziona|parte|si apre|si accende|è arrivat[oa])|errore|manca|danneggiat[oa]|troppo (?:lent|car|vecchi)\w*|da (?:ieri|giorni|settimane))\b",
    decision: r"\b(?:demo|prova|campion[ei]|preventivo|chiamata|richiamat\w+|appuntamento|visita|sopralluogo|riunione|catalogo|proposta)\b",
    time: r"\b(?:oggi|domani|urgente|il prima possibile|al più presto|(?:entro|per|dal|da|fino a|a|in|ogni|questo|questa|il|fine|inizio|prossim[oa])(?: il| la| fine)? ?(?:lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|settimana|mese|anno|gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre|primavera|estate|autunno|inverno|weekend)|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|\d{1,2} (?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre)|(?:settimana|mese) prossim[oa]|tra \d+ (?:giorni|settimane|mesi)|\d+ (?:notti|giorni|settimane|mesi)|natale|pasqua)\b",
    units: r"persone|ospiti|invitati|utenti|dipendenti|bambini|adulti|camere|stanze|pezzi|unità|ordini|finestre|porte|sedie|tavoli|computer|licenze|auto|biciclette|bici|kg|chili|tonnellate|km|m2|m²|mq|metri(?: quadri)?|cm|mm|litri|pagine|piani|prodotti|articoli|negozi|lingue|ore|posti|bottiglie|notti",
    place: r"\b(?:(?:a|in|da|di|verso|vicino a) [A-ZÈÀ][\wèéàìòù-]+(?: [A-Z][\wèéàìòù-]+)?|da remoto|a domicilio|in sede)",
    person: r"\b(?:io|mi|me|mio|mia|miei|mie|noi|ci|nostr[oaie]|tu|ti|tuo|tua|voi|vi|vostr[oaie]|lei)\b",
    article: r"^(?:un|uno|una|il|lo|la|i|gli|le|l['’]|di|del|della|è|sono|che|e|per|se)\b",
    correction: r"\b(?:anzi|scusi|scusate|correzione|cioè|piuttosto|meglio|volevo dire)\b",
    yes: r"^(?:sì|si|ok|va bene|certo|perfetto|d['’]accordo|volentieri|benissimo)\b",
    no: r"^(?:no)\b",
    offer: r"^.*?\b(?:vuole(?: che)?|desidera|possiamo|posso|le va)\b",
};

const PORTUGUESE: Words = Words {
    common: "o os as e é para com um uma preciso precisamos procuro procuramos não do da em que por temos gostaria olá somos",
    polite: r"olá|oi|bom dia|boa tarde|boa noite|por favor|obrigad[oa]|muito obrigad[oa]|desde já|cumprimentos|atenciosamente|e|mas|também|além disso|então|sim|ok|se possível|talvez|perfeito|ótimo|desculp\w+",
    need: r"(?:eu |nós |a gente )?(?:precis(?:o|amos|aria|a)(?: de| do| da)?|procur(?:o|amos)|quer(?:o|emos|ia|íamos)|gostaria(?:mos)?(?: de)?|est(?:ou|amos) (?:à procura de|procurando|interessad[oa]s? em)|tenho interesse em|necessit(?:o|amos)(?: de)?)(?: (?:ter|comprar|reservar|encomendar|encontrar|alugar|contratar))?\b",
    question: r"\b(?:vocês (?:têm|fazem|vendem|entregam|oferecem|aceitam)|têm|tem|fazem|vendem|entregam|oferecem|aceitam|podem|poderiam|há|existe|é possível|dá para|quanto custa(?:m)?|qual (?:é )?o preço)\b",
    feature: r"\b(?:deve(?:m|ria)?|tem que|com|sem|só|apenas|de preferência|compatível|pelo menos|no máximo|importante|vegan[oa]s?|vegetarian[oa]s?|glúten|alergi\w+|acessível|usado|novo|tamanho|cor)\b",
    excluded: r"\b(?:não (?:precis\w+|quer\w+|procur\w+)|se (?:eu )?(?:tivesse|tivéssemos)|(?:um )?meu (?:amigo|vizinho|irmão) (?:tem|paga|usa))\b",
    present: r"\b(?:atualmente|neste momento|no momento|agora|até agora|(?:usamos|uso|temos|tenho)|nosso (?:contrato|fornecedor)|partid[oa]|quebrad[oa]|avariad[oa]|vazamento|a pingar|não (?:funciona|liga|abre|arranca|chegou)|erro|falta|danificad[oa]|demasiado (?:lent|car|velh)\w*|desde)\b",
    decision: r"\b(?:demo(?:nstração)?|teste|amostras?|orçamento|chamada|ligação|visita|reunião|catálogo|proposta)\b",
    time: r"\b(?:hoje|amanhã|urgente|o mais rápido possível|quanto antes|(?:até|para|antes de|desde|em|no|na|cada|este|esta|fim de|início de|próxim[oa])(?: o| a| ao| fim de)? ?(?:segunda|terça|quarta|quinta|sexta|sábado|domingo|semana|mês|ano|janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro|primavera|verão|outono|inverno)(?:-feira)?|(?:segunda|terça|quarta|quinta|sexta)-feira|\d{1,2} de (?:janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro)|(?:semana|mês) que vem|em \d+ (?:dias|semanas|meses)|\d+ (?:noites|dias|semanas|meses)|natal)\b",
    units: r"pessoas|convidados|utilizadores|usuários|funcionários|colaboradores|crianças|adultos|quartos|peças|unidades|pedidos|encomendas|janelas|portas|cadeiras|mesas|computadores|licenças|carros|bicicletas|kg|quilos|toneladas|km|m2|m²|metros(?: quadrados)?|cm|mm|litros|páginas|andares|produtos|artigos|lojas|línguas|horas|lugares|garrafas|noites",
    place: r"\b(?:(?:em|no|na|para|de|do|perto de) [A-ZÁÉÍÓÚÂ][\wáéíóúâêôãõç-]+(?: [A-Z][\wáéíóúâêôãõç-]+)?|remoto|ao domicílio|presencial)",
    person: r"\b(?:eu|me|mim|meus?|minhas?|nós|nos|noss[oa]s?|tu|te|teus?|tuas?|você(?:s)?|voss[oa]s?)\b",
    article: r"^(?:um|uma|uns|umas|o|a|os|as|de|do|da|é|são|está|que|e|para|se)\b",
    correction: r"\b(?:aliás|desculpe|melhor|correção|quero dizer|na verdade|ou melhor)\b",
    yes: r"^(?:sim|ok|claro|perfeito|pode ser|combinado|com certeza|está bem)\b",
    no: r"^(?:não)\b",
    offer: r"^.*?\b(?:quer(?:em)?(?: que)?|gostaria(?:m)?(?: de)?|podemos|posso|que tal)\b",
};

const DUTCH: Words = Words {
    common: "de het een en is ik wij we voor met niet hebben nodig zoek zoeken van op dat zijn graag goedemorgen hallo naar",
    polite: r"hallo|hoi|hey|dag|goede(?:morgen|middag|navond|ndag)|beste|alstublieft|alsjeblieft|aub|dank(?: u| je)?(?: wel)?|bedankt(?: alvast)?|alvast bedankt|met vriendelijke groet|groeten|groetjes|en|maar|ook|dus|ja|ok(?:é|ay)?|graag|eigenlijk|misschien|goed|prima|verder|indien mogelijk",
    need: r"(?:ik|wij|we)?(?: ?(?:ook|nog|dringend|nu))* ?(?:zoek(?:en)?(?: (?:ik|wij|we))?(?: naar)?|wil(?:len)?(?: graag)?|zou(?:den)?(?: (?:ik|wij|we))? graag|heb(?:ben)? (?:behoefte aan|nodig)|ben(?: ik)? op zoek naar|zijn(?: (?:wij|we))? op zoek naar|(?:ben|zijn) geïnteresseerd in|heb|hebben)\b",
    question: r"\b(?:(?:hebben|leveren|verkopen|doen|kunnen|bieden|repareren|maken|verhuren) (?:jullie|u)|heeft u|kunt u|kan ik|is er|zijn er|is het mogelijk|wat kost(?:en)?|hoeveel kost(?:en)?)\b",
    feature: r"\b(?:moet(?:en)?|met|zonder|alleen|bij voorkeur|liefst|compatibel|minimaal|minstens|maximaal|belangrijk|vegan|veganistisch|vegetarisch|glutenvrij|allergi\w+|toegankelijk|tweedehands|nieuw|maat|kleur|geen)\b",
    excluded: r"\b(?:(?:wil|willen|zoek|zoeken|hoef|hoeven|heb|hebben) (?:\w+ )?(?:geen|niet)|niet nodig|als (?:ik|we) .* had(?:den)?|mijn (?:vriend|buurman|broer|collega) (?:heeft|betaalt|gebruikt))\b",
    present: r"\b(?:momenteel|nu|op dit moment|tot nu toe|(?:we|wij|ik) (?:gebruik(?:en)?|werk(?:en)? met|heb(?:ben)? al)|ons contract|onze leverancier|kapot|defect|lekt|lekkage|werkt niet|start niet|gaat niet|fout(?:melding)?|ontbreekt|beschadigd|niet aangekomen|kwijt|te (?:langzaam|duur|oud)|sinds)\b",
    decision: r"\b(?:demo|proef\w*|monster|offerte|terugbel\w+|bellen|afspraak|bezichtiging|adviesgesprek|catalogus|prijslijst)\b",
    time: r"\b(?:vandaag|morgen|dringend|spoed|zo snel mogelijk|zsm|(?:voor|vanaf|op|tot|in|elke|volgende|deze|eind|begin|half|sinds)(?: de| het| eind)? ?(?:maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|week|maand|jaar|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|lente|zomer|herfst|winter|weekend)|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|\d{1,2} (?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december)|(?:over|binnen) \d+ (?:dagen|weken|maanden)|\d+ (?:nachten|dagen|weken|maanden)|wekelijks|dagelijks|maandelijks|kerst)\b",
    units: r"personen|mensen|gasten|gebruikers|medewerkers|kinderen|volwassenen|kamers|stuks|eenheden|bestellingen|ramen|deuren|stoelen|tafels|laptops|licenties|auto's|fietsen|kg|kilo|ton|km|m2|m²|vierkante meter|meter|cm|mm|liter|pagina's|verdiepingen|producten|artikelen|winkels|talen|uur|plaatsen|flessen|nachten",
    place: r"\b(?:(?:in|naar|uit|bij|van|nabij|rond) [A-Z][\wëïé'-]+(?: [A-Z][\wëïé'-]+)?|op afstand|op locatie|aan huis)",
    person: r"\b(?:ik|mij|me|mijn|wij|we|ons|onze|jij|je|jou|jouw|jullie|u|uw)\b",
    article: r"^(?:een|de|het|is|zijn|heb|hebben|er|dat|en|voor|om|of|naar)\b",
    correction: r"\b(?:sorry|correctie|ik bedoel|toch|liever|eigenlijk|nee)\b",
    yes: r"^(?:ja|graag|ok(?:é|ay)?|prima|perfect|goed|akkoord|natuurlijk|zeker)\b",
    no: r"^(?:nee|liever niet|geen)\b",
    offer: r"^.*?\b(?:wilt u|wil je|zullen we|zal ik|kunnen we|we kunnen|ik kan)\b",
};

const POLISH: Words = Words {
    common: "i w na z do nie jest się dla potrzebuję potrzebujemy szukam szukamy czy proszę dzień dobry mamy oraz po od",
    polite: r"cześć|dzień dobry|dobry wieczór|witam|proszę|dziękuję(?: z góry)?|dzięki|pozdrawiam|i|oraz|ale|też|także|więc|tak|ok|jeśli to możliwe|może|dobrze|super|przepraszam",
    need: r"(?:ja |my )?(?:pilnie )?(?:potrzebuj(?:ę|emy)|szuka(?:m|my)|chc(?:ę|emy)|chciał(?:bym|abym|byśmy)|interesuje (?:mnie|nas)|planuj(?:ę|emy))(?: (?:kupić|zamówić|zarezerwować|wynająć))?\b",
    question: r"\b(?:czy (?:macie|mają państwo|oferujecie|robicie|można|jest|są|dostarczacie|naprawiacie|możecie)|ile kosztuj(?:e|ą)|jaka jest cena)\b",
    feature: r"\b(?:musi|muszą|powinien|powinna|powinno|z|ze|bez|tylko|najlepiej|kompatybiln\w+|co najmniej|maksymalnie|ważne|wegań\w+|wegetariań\w+|gluten\w*|alergi\w+|używan\w+|now[yae]|rozmiar|kolor)\b",
    excluded: r"\b(?:nie (?:potrzebuj\w+|chc\w+|szuka\w+)|gdyby\w*|mój (?:kolega|sąsiad|brat) (?:ma|płaci|używa))\b",
    present: r"\b(?:obecnie|teraz|aktualnie|dotychczas|używa(?:m|my)|mamy|mam|nasza umowa|zepsut\w+|uszkodzon\w+|cieknie|przecieka|nie (?:działa|włącza|otwiera|dotarł\w*)|błąd|brakuje|zbyt (?:woln|drog|star)\w*|od (?:wczoraj|tygodnia|miesiąca))\b",
    decision: r"\b(?:demo|próbk\w+|wycen\w+|ofert\w+|oddzwo\w+|telefon|spotkani\w+|wizyt\w+|katalog|konsultacj\w+)\b",
    time: r"\b(?:dzisiaj|dziś|jutro|pilne|jak najszybciej|(?:do|od|w|na|przed|po|co|każdy|każdą|koniec|początek)(?: końca| początku)? ?(?:poniedział\w+|wtor\w+|środ\w+|czwart\w+|piąt\w+|sobot\w+|niedziel\w+|tydzień|tygodni\w+|miesiąc\w*|rok\w*|styczni\w+|lut\w+|marc\w+|kwietni\w+|maj\w*|czerwc\w+|lip\w+|sierpni\w+|wrześni\w+|październik\w*|listopad\w*|grudni\w+)|\d{1,2} (?:stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia)|(?:za|w ciągu) \d+ (?:dni|tygodni\w*|miesi\w+))\b",
    units: r"osób|osoby|ludzi|gości|użytkowników|pracowników|dzieci|dorosłych|pokoi|pokoje|sztuk|sztuki|zamówień|okien|okna|drzwi|krzeseł|stołów|laptopów|licencji|samochodów|rowerów|rowery|kg|ton|km|m2|m²|metrów(?: kwadratowych)?|cm|mm|litrów|stron|pięter|produktów|sklepów|języków|godzin|miejsc|butelek|nocy",
    place: r"\b(?:(?:w|we|do|z|ze|koło|pod) [A-ZŁŚŻĆ][\wąćęłńóśźż-]+(?: [A-ZŁŚŻĆ][\wąćęłńóśźż-]+)?|zdalnie|na miejscu)",
    person: r"\b(?:ja|mnie|mi|mój|moja|moje|my|nas|nam|nasz[aey]?|ty|ci|twój|wy|was|wam|wasz[aey]?|państwo|państwa)\b",
    article: r"^(?:jest|są|to|że|i|dla|się)\b",
    correction: r"\b(?:przepraszam|poprawka|raczej|jednak|to znaczy|nie,)",
    yes: r"^(?:tak|ok|jasne|dobrze|oczywiście|świetnie|zgoda)\b",
    no: r"^(?:nie)\b",
    offer: r"^.*?\b(?:czy chcą państwo|czy chcesz|możemy|mogę|może)\b",
};

const LANGUAGES: [&Words; 8] = [&ENGLISH, &GERMAN, &FRENCH, &SPANISH, &ITALIAN, &PORTUGUESE, &DUTCH, &POLISH];

/// Each frequent word with the languages, by their place, that have it.
static COMMON: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut common: HashMap<&str, Vec<usize>> = HashMap::new();
    for (language, words) in LANGUAGES.iter().enumerate() {
        for word in words.common.split(' ') {
            common.entry(word).or_default().push(language);
        }
    }
    common
});

/// Compiled when the first conversation of the language is read.
static LEXICONS: [OnceLock<Lexicon>; 8] = [const { OnceLock::new() }; 8];

/// Compiles a pattern of this program, letter case ignored.
pub(super) fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, compiled by the tests")]
    Regex::new(&format!("(?i){text}")).expect("a pattern of the lexicon")
}

impl Lexicon {
    /// The language that the texts' frequent words speak; English where nothing tells.
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> &'static Self {
        let mut counts = [0usize; LANGUAGES.len()];
        for text in texts {
            for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
                for language in COMMON.get(word.to_lowercase().as_str()).into_iter().flatten() {
                    counts[*language] += 1;
                }
            }
        }
        let best =
            counts.iter().enumerate().rev().max_by_key(|(_, count)| **count).map_or(0, |(index, _)| index);
        LEXICONS[best].get_or_init(|| Self::new(LANGUAGES[best]))
    }

    fn new(words: &Words) -> Self {
        let units = words.units;
        let amount = format!(
            r"\b(?:team of \d+|\d[\d.,]*(?: ?(?:-|–|to|bis|à|a|tot|do|or|x) ?\d[\d.,]*)?[ -]?(?:\w+ )?(?:{units})|\d+ ?[x×] ?\d+(?: ?(?:m|cm|mm|ft))?)\b"
        );
        // The place's capital letter is what tells it from other words.
        #[expect(clippy::expect_used, reason = "the patterns are constants, compiled by the tests")]
        let place = Regex::new(words.place).expect("a pattern of the lexicon");
        Self {
            polite: pattern(&format!(
                r"^(?:(?:{0})\b[\s,.!:–-]*)+|(?:[\s,.!–-]+(?:{0}))+[\s,.!:]*$",
                words.polite
            )),
            need: pattern(&format!(r"(?:^|\b)(?:{})", words.need)),
            question: pattern(words.question),
            feature: pattern(words.feature),
            excluded: pattern(words.excluded),
            present: pattern(words.present),
            decision: pattern(words.decision),
            time: pattern(words.time),
            amount: pattern(&amount),
            place,
            person: pattern(words.person),
            article: pattern(words.article),
            correction: pattern(words.correction),
            yes: pattern(words.yes),
            no: pattern(words.no),
            offer: pattern(words.offer),
        }
    }
}
