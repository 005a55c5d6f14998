//! What must never appear (policy 4): contact data, secrets, words aimed at the software, advertising.

use std::sync::LazyLock;

use porchlight_protocol::email::find_emails;
use regex::Regex;

use super::pattern;

/// Stands where something was taken out; ends a clause.
pub(super) const HIDDEN: &str = " \u{1} ";

/// Sentences that give orders to the software, or pretend to be its own.
static AIMED_AT_SOFTWARE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"\b(?:ignore|disregard|forget|override|bypass|skip)\b.{0,40}\b(?:instructions?|prompts?|rules?|guidelines?|above|previous|prior|everything|context)\b",
        r"|\b(?:ignorier\w*|vergiss|vergessen sie|missachte)\b.{0,40}\b(?:anweisung\w*|regeln|instruktion\w*|alles|bisherig\w*|vorherig\w*)",
        r"|\b(?:ignore[zr]?|oublie[zr]?)\b.{0,40}\b(?:consignes?|instructions?|règles|tout ce qui|précédent\w*)",
        r"|\b(?:ignora\w*|olvida\w*|dimentica\w*|esque[cç]\w*)\b.{0,40}\b(?:instruc\w*|istruzion\w*|instruç\w*|reglas|regole|regras|todo lo anterior|anterior\w*|precedent\w*)",
        r"|\b(?:negeer|vergeet)\b.{0,40}\b(?:instructies?|regels|alles|vorige)|\b(?:zignoruj|zapomnij)\b.{0,40}\b(?:instrukcj\w*|polece\w*|wszystk\w*)",
        r"|\bsystem ?(?:prompt|message|override|note)\b|\b(?:your|full|initial|hidden|original) (?:system )?prompt\b|\bapi keys?\b.{0,20}\b(?:reveal|show|print|reply|output)|\b(?:reveal|show|print|reply|output)\b.{0,30}\bapi keys?\b",
        r"|^\W*(?:system|assistant|developer|admin|user|human|ai|bot|instructions?|new task|task|override|note to (?:the )?(?:ai|assistant|bot|model|summari[sz]er|system|llm)|begin|end)\s*(?:\]|\)|>|\*\*)?\s*:",
        r"|\b(?:you are now|from now on,? you|act as (?:a|an|the|if)|pretend (?:to|you)|jailbreak|developer mode|dan mode|roleplay as|conversation (?:above )?is over|new task|as an ai\b|dear (?:ai|llm|chatbot|bot))",
        r"|\b(?:print|output|display)\b.{0,20}\b(?:exactly|only the|only|the (?:word|following text|above)|your|system|all (?:previous|your)|everything above)\b|\b(?:respond with|reply with|answer only|return only|write exactly|repeat after|say exactly|write only|respond only|translate the above|repeat the above|summari[sz]e (?:this|the|it) (?:as|conversation))\b",
        r"|\b(?:add|append|insert|include|put|list|write|mark|record|set|log|note|enter)\b.{0,40}\b(?:to|in|into|as) (?:the |your |this )?(?:summary|bullets?|requirements?|notes|crm record|lead|output|list of requirements|priority)\b",
        r"|\b(?:add|append|insert|write) (?:the|this|a|following)? ?(?:bullets?|line)\b|\b(?:summary|requirements?|bullets?|output) (?:must|should|shall|is|are|has to)\b|\bmark (?:this|me|the) .{0,20}(?:vip|priority|qualified|urgent)\b",
        r"|\b(?:écris|réponds|affiche)\w*\b.{0,30}[«\x22]|\b(?:schreib|antworte|gib)\w*\b.{0,30}[„\x22»]|\b(?:escribe|responde|scrivi|rispondi|escreve|responda)\b.{0,30}[«\x22]",
        r"|\b(?:i (?:instruct|command|order) you|as (?:the|an|your) (?:admin\w*|developer|owner|root|superuser)\b|i(?:'m| am) (?:the|your) (?:developer|admin\w*|creator)|(?:reveal|dump|leak|expose) (?:the|your|all)|(?:update|set|change) (?:the )?(?:status|priority|lead status|record|crm)\b|debug mode|(?:list|show|export|delete) all (?:leads|users|customers|data|emails)|summary of (?:the )?requirements|approved:|(?:give|apply|grant) (?:me |us )?(?:a )?(?:100 ?%|free lifetime|full refund without)|say (?:that|only|the word)\b|pretend|hypothetical(?:ly)? you|you must (?:add|say|write|include|output|reply|ignore))\b",
        r"|\b(?:assistant|system|developer|visitor|customer)\s*:\s|\bend of (?:the )?(?:conversation|transcript|chat|messages?)\b|\b(?:visitor|customer|client|user) (?:has |have )?(?:already )?(?:agreed|accepted|confirmed|paid|authori[sz]ed)\b|\bwhen you summari[sz]e|\bnotes? (?:for|to) (?:the |any )?(?:summari[sz]\w*|ai|bot|model|assistant|llm|system|reader of this)|\byour (?:summary|instructions?|prompt|guidelines|rules|programming|notes|output|report)\b|\bmention (?:that|in)\b|\byou(?:'re| are) (?:now )?(?:a |an )?(?:\w*bot|ai|helpful|free|unrestricted|dan)\b|\bend (?:with|your|the) .{0,20}(?:line|summary|message)|\bas the only (?:bullet|word|line|answer)\b|\b(?:with|start with|begin with) the (?:words?|line|phrase)\b",
        r"|\{\s*\x22|<\|?[^<>]{0,200}\|?>|\{\{|\}\}|\$\{|```|\[/?(?:inst|system|sys)\]|###|<<|>>|<script|javascript:|\bselect\b.{0,40}\bfrom\b.{0,40}\bwhere\b|\bdrop table\b|\bunion select\b|'\s*or\s*'?1'?\s*=\s*'?1",
        r"|^\W*(?:the )?(?:customer|client|visitor|user|lead|prospect) (?:wants|needs|is|has|agreed|accepts?|will|requests|requires|confirmed|authori[sz]\w+)\b",
    ))
});

/// A line behind which ready-made output may follow.
static READY_MADE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"</?\w+>|^\s*•\s*(?:needs|wants|customer|client|visitor|user|the customer)\b|^\W*(?:summary|requirements?|output|zusammenfassung|résumé|resumen|riassunto|resumo|samenvatting|podsumowanie|extracted|bullets?|response|answer|(?:begin|end)(?: of)?(?: the)? (?:transcript|conversation|prompt|message|instructions?|output|summary))\W*$|```|<\|",
    )
});

/// Words that only advertising and frauds use, with what they weigh; 2 are enough.
static ADVERTISING: LazyLock<Vec<(Regex, u32)>> = LazyLock::new(|| {
    [
        (r"\b(?:backlinks?|guest posts?|link building|first page of google|page (?:1|one) (?:ranking|of google)|rank (?:#1|first|higher)|buy followers|cheap (?:followers|likes|viagra|cialis)|viagra|double your (?:money|bitcoin|sales|traffic)|guaranteed (?:returns?|profits?|income|ranking|page)|next of kin|western union|estate of (?:the )?late|barrister|work from home|gana dinero|dinero (?:fácil|desde casa)|geld verdienen|ganhe dinheiro|guadagna\w* (?:soldi|da casa)|gagnez? de l'argent|zarabiaj|verdien geld|claim (?:your|the) (?:prize|reward|gift|funds)|lucky winner|passive income|crypto(?:currency)? (?:invest\w*|giveaway|opportunity|signals?)|onlyfans|escort|sugar (?:daddy|mummy)|nigerian prince|millones de (?:dólares|euros) (?:en|de) herencia)\b", 2),
        (r"\b(?:you(?:'ve| have)? (?:been (?:selected|chosen)|won)|you are (?:the|a|our) (?:lucky )?winner|sie haben .{0,30}gewonnen|has (?:sido seleccionad\w+|ganado)|vous avez (?:gagné|été sélectionné)|hai vinto|você (?:ganhou|foi selecionad\w+)|u heeft .{0,20}gewonnen|wygrał\w*|has been selected)\b", 2),
        (r"\b(?:leading (?:manufacturer|supplier|provider|agency|company)|moq|(?:factory|wholesale) (?:direct|price)|your (?:account|parcel|package|card|payment|subscription|mailbox) (?:was|has been|is|could not be|will be) (?:suspended|blocked|limited|locked|delivered|declined|on hold|expired|deactivated)|could not be delivered|customs fee|verify your (?:password|account|identity|card)|(?:real |more |free )?(?:instagram|tiktok|facebook|youtube) (?:followers|likes|subscribers|views)|instant cash|no credit check|credit check|quick loans?|personal loans?|business loans?|loans? from|apply now|earn (?:up to )?\D?\d[\d,.]* ?(?:\w+ )?(?:weekly|daily|monthly|a|per)|earn .{0,20}from (?:your phone|home)|(?:my|this) (?:investment|trading) (?:platform|group|bot)|stuck in a bank|we help .{0,60}\b(?:get|grow|increase|generate|rank|double|more (?:clients|patients|customers|leads|sales))|more (?:clients|patients|leads) (?:per|every|each)|growth (?:hack\w*|agency|partner)|günstige kredite|kredite? (?:ab|ohne)|schufa|prêt (?:rapide|entre particuliers)|préstamos?|prestit[oi] (?:veloc\w+|personal\w+)|empréstimos?|leningen? (?:vanaf|zonder)|pożyczk\w+ (?:bez|od)|guaranteed approval|make money (?:fast|online|from)|millionaire|trading signals|hot (?:singles|girls)|dating site|weight loss pills?|miracle (?:cure|pill)|penis|erection|replica (?:watches|bags)|rolex|nft drop|airdrop|referral code|promo code for you|sponsored post|paid (?:guest )?post|do-follow|dofollow|domain authority|link exchange|partnership proposal|resell(?:er)? (?:program|opportunity)|bulk sms|mailing list of|verified leads)\b", 2),
        (r"\b(?:we|i)(?:'re| are|'m| am)? (?:can |could |will |would )?(?:offer|provide|speciali[sz]e|help (?:businesses|companies|you (?:get|grow|rank|increase))|guarantee|generate leads|deliver leads)\b", 1),
        (r"\b(?:we are|i am|i'm|we're) (?:a|an) .{0,40}\b(?:agency|supplier of|manufacturer of|seo|marketing (?:firm|company|expert)|freelancer)\b", 1),
        (r"\b(?:seo|digital marketing|lead generation|social media marketing|web ?design services|app development services|explainer videos?|email lists?|data ?base of|ppc|traffic|rankings?|followers|conversions?|outsourc\w+|white.?label|virtual assistants?|business loans?|funding|merchant cash)\b", 1),
        (r"\b(?:your (?:website|site|web ?page|business|company|brand|sales|ranking|rankings|traffic|revenue|customers|store|online presence|competitors|domain|app|instagram|google))\b", 1),
        (r"\b(?:came across|noticed|visited|was (?:on|browsing|looking at)|found|checked out|looking at|reviewed) your (?:web ?site|site|page|profile|business|store|listing|company)", 1),
        (r"\b(?:boost|increase|grow|skyrocket|improve|redesign|promote|scale|optimi[sz]e|explode|triple|maximi[sz]e) (?:your|ur)\b", 1),
        (r"\b(?:limited (?:time )?offer|act now|instant delivery|join (?:our|my|us|now)|sign up (?:now|today)|check our catalogue|send you a (?:short |quick )?(?:video|proposal|demo|case study)|(?:can|may) i send you|shall we talk|hop on a (?:quick )?call|schedule a (?:quick )?call|15.minute call|years of experience|our team has|risk.free|100% (?:free|safe|legit)|order now|buy now|best prices?|lowest prices?|jetzt (?:anfragen|sichern|bestellen|zugreifen)|intéressée?s? \?|visit (?:our|us|my)|special offer|\d+ ?% off|free (?:audit|trial of our|quote for your)|money.back|no obligation|unsubscribe|opt.?out|click (?:here|the link|below)|reply (?:stop|yes)|dear (?:sir|madam|business owner|website owner|owner|winner|beneficiary|friend)|our (?:portfolio|packages|rates start|services include|clients include|team of experts)|brands like yours|businesses like yours|companies like yours)\b", 1),
        (r"\b(?:bank details|bank account|transfer (?:of )?(?:the )?(?:funds?|usd|money)|inheritance|lottery|prize|million (?:usd|dollars|euros?|pounds)|\d[\d,.]+ ?(?:usd|dollars)|investment opportunity|bitcoin|forex|casino|loan (?:offer|at)|interest rate|herencia|lotería|lotterie|loterie|erbschaft|gewinn(?:spiel)?|telegram|whatsapp group)\b", 1),
        (r"\b(?:wir bieten|unsere agentur|nous (?:proposons|offrons) (?:nos|des) services|notre agence|ofrecemos (?:nuestros )?servicios|nuestra agencia|offriamo (?:i nostri )?servizi|la nostra agenzia|oferecemos (?:os nossos )?serviços|a nossa agência|wij bieden|ons bureau|oferujemy (?:usługi)?|nasza agencja)", 1),
        (r"\b(?:ihre (?:webseite|website|homepage|firma|umsätze|rankings?|sichtbarkeit)|ihren (?:umsatz|traffic)|votre (?:site|entreprise|chiffre d'affaires|visibilité)|(?:su|tu) (?:sitio|página web|negocio|empresa|web)|(?:il )?(?:vostro|tuo) (?:sito|business)|(?:o )?(?:seu|vosso) (?:site|negócio)|uw (?:website|bedrijf|omzet)|(?:państwa|twoj\w) (?:stron\w|firm\w))\b", 1),
    ]
    .into_iter()
    .map(|(text, weight)| (pattern(text), weight))
    .collect()
});

/// Numbers of telephones and cards, keys, links, handles, and what is called a secret.
static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"\S+@\S+\.\w+|https?://\S+|\bwww\.\S+|\b(?:linkedin|instagram|facebook|twitter|x|tiktok|t|wa)\.(?:com|me)/\S+|\b[a-z0-9-]+\.(?:example|com|net|org|io|co|de|fr|es|it|nl|pl|pt|uk|eu|shop|info)(?:/\S*)?\b",
        r"|(?:\+|\b00)\d[\d\s().\/-]{6,}\d|\(?\b0\d{1,5}\)?[\s\/.-]?\d{2,4}[\s\/.-]?\d{2,}[\d\s\/.-]*\d|\(\d{3}\)\s?\d{3}-\d{4}|\b\d{3}[-.\s]\d{3}[-.\s]\d{4}\b|\b\d(?:[ -]?\d){12,18}\b|\b\d{2,3}(?: \d{2,3}){3,}\b",
        r"|\b(?:sk|pk|ghp|xox[bp]|AKIA|gho|glpat|api)[_-][A-Za-z0-9_-]{6,}|\bAKIA[A-Z0-9]{8,}|\beyJ[\w-]+\.[\w.-]+",
        r"|\b(?:my |the |our |login |temp(?:orary)? )?(?:pass ?word|passwort|kennwort|pwd|pw|pass(?:code|phrase)|mot de passe|contraseña|clave|senha|wachtwoord|hasło|pin(?: code)?|cvv2?|cvc|csc|security code|sicherheitscode|prüfziffer|code de sécurité|código de seguridad|one.?time code|otp|2fa code|tan|api key|secret|secret key|access key|token|login code|verification code|sms code|code from the (?:sms|app)|iban|sort code|account number|kontonummer|routing number|ssn|social security number|password di accesso)\b(?:\s*(?:is|was|ist|war|est|es|é|era|to|=|:|->|#|nr|number|no\.?|currently|just)\s*)*[\s:=]*['\x22]?[^\s,;]*[\d!@#$%^&*_-][^\s,;]*(?:\s+\d{3,4}\b)*",
        r"|\b(?:exp(?:iry|ires|iration)?(?: date)?|valid (?:until|thru)|gültig bis)[\s:.]*\d{1,2}[/-]\d{2,4}|(?:^|\s)@\w{2,}|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}(?: ?[A-Z0-9]{1,4})?\b",
        r"|\b(?:insta(?:gram)?|skype|telegram|discord|snapchat|snap|wechat|twitter|tiktok|handle|username|user name|benutzername|usuario)(?: (?:is|name|id|handle))?[\s:]+[@\w][\w.]*[\d_.]\w*",
    ))
});

/// A person's name, where it is said to be one. The letters' case counts within the name.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    const NAME: &str = r"\p{Lu}[\p{L}'’-]*\.?(?:\s+(?:(?:van|von|de|der|den|da|di|del|dos|la|le|el|bin|ten|ter)\s+)*\p{Lu}[\p{L}'’.-]*){0,3}";
    const SAID: &str = r"\b(?i:my name(?:'s| is)|(?:full |last |first |sur)?name(?:'s| is|:)|name of|i am called|i'm called|they call me|this is|i'm|im|i am|it's|mein name ist|name ist|ich bin(?: die| der)?|ich heiße|hier (?:ist|spricht)|je m['’]appelle|mon nom est|je suis|c'est|me llamo|mi nombre es|soy|mi chiamo|il mio nome è|sono|meu nome é|o meu nome é|chamo-me|me chamo|sou(?: a| o)?|mijn naam is|ik ben|ik heet|nazywam się|mam na imię|jestem|z tej strony|contact(?: person)? is|ask for|speak to|attention(?: of)?|attn:?|c/o|signed|(?:mr|mrs|ms|miss|dr|prof|herr|frau|herrn|mme|mlle|monsieur|madame|señor|señora|sra?|signor|signora|dott|dhr|mevr|mevrouw|meneer|pan|pani)\.?)";
    #[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
    Regex::new(&format!(
        r"(?m){SAID}\s+{NAME}(?i:\s+(?:here|speaking|hier|ici)\b)?(?:\s+(?i:from|at|with|von|vom|de chez|bij|z firmy)\s+(?i:the\s+)?\p{{Lu}}[\p{{L}}&'’-]*(?:\s+(?:&\s+)?\p{{Lu}}[\p{{L}}&'’-]*){{0,2}})?|(?:^|[.,!?]\s+|\b(?i:hi|hello|hey|hallo)\s+){NAME}\s+(?i:here|hier|speaking)\b|(?i:\b(?:(?:my )?name(?:'s| is)|me llamo|mi chiamo|ich heiße|je m'appelle|mijn naam is|meu nome é))\s+\p{{Ll}}+(?:\s+\p{{Lu}}\p{{L}}+)?"
    ))
    .expect("a constant pattern")
});

/// The end of a letter and the name below it.
static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    const CLOSING: &str = r"(?i:(?:kind|best|warm|many)?\s*regards|best wishes|all the best|yours (?:sincerely|faithfully|truly)|sincerely|cheers|thanks(?: so much| a lot| again| in advance)?|thank you(?: very much| so much)?|thx|many thanks|ta|best|love|viele grüße|liebe grüße|mit freundlichen grüßen|freundliche grüße|beste grüße|schöne grüße|grüße|gruß|lg|vg|mfg|danke(?: schön| im voraus)?|vielen dank|bien à vous|cordialement|bien cordialement|merci(?: beaucoup| d'avance)?|salutations|un saludo|saludos(?: cordiales)?|atentamente|gracias|cordiali saluti|distinti saluti|saluti|grazie(?: mille)?|cumprimentos|atenciosamente|abraço|obrigad[oa]|met vriendelijke groeten?|vriendelijke groeten?|groeten|groetjes|mvg|bedankt|alvast bedankt|pozdrawiam|z poważaniem|dziękuję|dzięki)";
    #[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
    Regex::new(&format!(
        r"(?m){CLOSING}[\s,!.–-]*\p{{Lu}}[\p{{L}}'’.-]*(?:\s+\p{{Lu}}[\p{{L}}'’.-]*){{0,3}}(?:\s+(?i:from|von|de|at|di|van|z)\s+\p{{Lu}}\S*(?:\s\p{{Lu}}\S*)?)?\s*[.!]?\s*$|\s[–—-]\s?\p{{Lu}}\p{{Ll}}+\s*$"
    ))
    .expect("a constant pattern")
});

/// A greeting with the name of the greeted.
static GREETED: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
    Regex::new(r"(?m)^\s*(?i:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|sehr geehrte[rs]?|bonjour|bonsoir|salut|cher|chère|hola|buenos días|buenas tardes|estimad[oa]|ciao|buongiorno|buonasera|salve|gentile|olá|oi|bom dia|boa tarde|car[oa]|beste|geachte|dag|goede(?:morgen|middag|navond)|cześć|dzień dobry|szanown\w+)\s+\p{Lu}[\p{L}'’-]+(?:\s+\p{Lu}[\p{L}'’-]+)?\s*[,!.–-]")
        .expect("a constant pattern")
});

/// The words of the names of persons in a text, where they are said to be such or greeted.
pub(super) fn names_of(text: &str) -> Vec<String> {
    static THANKED: LazyLock<Regex> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "a constant, compiled by the tests")]
        Regex::new(r"(?:\b(?i:hi|hello|hey|thanks|thank you|welcome|nice to meet you|sorry|of course|great|hallo|danke|guten tag|bonjour|merci|hola|gracias|ciao|grazie|olá|obrigad[oa]|bedankt|dziękuję)),? (\p{Lu}\p{Ll}{2,})[!.,]")
            .expect("a constant pattern")
    });
    let said =
        NAMES.find_iter(text).flat_map(|found| found.as_str().split_whitespace().skip(1)).filter(|word| {
            let small = word.chars().skip(1).all(|c| c.is_lowercase() || c == '-');
            word.starts_with(char::is_uppercase) && small && word.chars().count() > 2
        });
    let greeted = THANKED.captures_iter(text).filter_map(|found| found.get(1).map(|name| name.as_str()));
    let known = |word: &&str| super::lexicon::is_first_name(&word.to_lowercase());
    said.filter(known).chain(greeted.filter(known)).map(str::to_owned).collect()
}

/// Whether somebody sells to the business instead of asking (policy 4).
pub(super) fn is_advertising<'a>(mut texts: impl Iterator<Item = &'a str>) -> bool {
    texts.any(|text| {
        ADVERTISING
            .iter()
            .filter(|(pattern, _)| pattern.is_match(text))
            .map(|(_, weight)| weight)
            .sum::<u32>()
            >= 2
            && !asks_for_itself(text)
    })
}

/// "We need …", said of oneself: a customer may well speak of rankings and followers.
fn asks_for_itself(text: &str) -> bool {
    static NEED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:we|i)(?:'re| are|'m| am|'d)? (?:need|want|looking for|would like|like to (?:get|order|book|have))\b|\b(?:do you (?:offer|do|have|sell|provide)|can you|could you (?:help|send|make))\b|\b(?:wir|ich) (?:brauche|suche)|\bnous (?:cherchons|avons besoin)|\b(?:necesit|buscamos|cerchiamo|precis|zoeken|szukam)",
        )
    });
    NEED.is_match(text)
}

/// The text without what is private, in whose place a mark ends a clause, and without what speaks to the software.
pub(super) fn without_private(text: &str) -> String {
    without_orders(&without_contact(text))
}

/// The text without addresses, numbers, names and secrets.
pub(super) fn without_contact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for hit in find_emails(text) {
        kept.push_str(&text[from..hit.start]);
        kept.push_str(HIDDEN);
        from = hit.end;
    }
    kept.push_str(&text[from..]);
    if kept.contains("P.S.") {
        kept = kept.replace("P.S.", "\n");
    }
    for pattern in [&PRIVATE, &GREETED, &SIGNATURE, &NAMES] {
        if pattern.is_match(&kept) {
            kept = pattern.replace_all(&kept, HIDDEN).into_owned();
        }
    }
    kept
}

/// Whether a sentence asks, or speaks of the one who writes it.
fn is_own(sentence: &str) -> bool {
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\?|\b(?:i|i'm|i'd|i've|we|we're|we'd|we've|my|our|mine|need|looking|want|also|btw|by the way|anyway|any|now|ich|wir|brauche\w*|suche\w*|mein\w*|unser\w*|je|j'|nous|on|il (?:me|nous) fau\w*|mon|ma|notre|yo|necesit\w*|quiero|queremos|busc\w*|mi|nuestr\w*|io|cerc\w*|vorr\w*|serv\w*|mio|nostr\w*|eu|precis\w*|quer\w*|meu|minha|ik|wij|zoek\w*|wil\w*|mijn|onze|potrzeb\w*|szuka\w*|chc\w*)\b",
        )
    });
    OWN.is_match(sentence)
}

/// Without sentences aimed at the software, and without the ready-made lines below them.
fn without_orders(text: &str) -> String {
    static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?s)"{3}.*?"{3}|'{3}.*?'{3}|\{\s*"[^}]*\}|```.*?```|[\[<]\|?(?:system|sys|inst|instructions?|assistant|admin|prompt|script|style)\b[^\]>]*[\]>].*?[\[<]\|?/(?:system|sys|inst|instructions?|assistant|admin|prompt|script|style)\|?[\]>]"#,
        )
    });
    let text = &BLOCK.replace_all(text, "\n");
    let mut kept = String::with_capacity(text.len());
    let (mut ready_made, mut ordering) = (false, false);
    for line in text.lines() {
        ready_made |= READY_MADE.is_match(line);
        if !(ready_made && line.trim_start().starts_with(['•', '-', '*', '–'])) {
            let mut rest = line;
            while !rest.is_empty() {
                let end = rest
                    .match_indices(['.', '!', '?'])
                    .map(|(at, mark)| at + mark.len())
                    .find(|end| rest[*end..].is_empty() || rest[*end..].starts_with(char::is_whitespace));
                let (sentence, tail) = rest.split_at(end.unwrap_or(rest.len()));
                let aimed = AIMED_AT_SOFTWARE.is_match(sentence) || READY_MADE.is_match(line) && ready_made;
                ready_made |= aimed;
                // What follows an order is part of it until somebody speaks of their own need.
                ordering = aimed || (ordering && !is_own(sentence));
                if !ordering {
                    kept.push_str(sentence);
                }
                rest = tail;
            }
        }
        kept.push('\n');
    }
    kept
}
