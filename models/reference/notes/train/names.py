"""Names of the train world: none of them is one of the valid world."""

FEMALE = """
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Margaret Sandra Ashley Kimberly Emily
Donna Michelle Amanda Melissa Deborah Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Angela Shirley Anna Brenda
Olivia Charlotte Sofia Lucía Valentina Camila Gabriela Isabella Daniela Fatima Aisha Maryam Leila Noor Amina Hana Yasmin
Priya Anjali Kavita Deepa Lakshmi Pooja Neha Lanying Li-Na Xiu Yan Jing Hui Yuki Sakura Akiko Ji-woo Min-seo Linh Lan Hoa
Chiamaka Adaeze Amara Abena Akosua Zawadi Nia Makeba Ingrid Astrid Freya Karin Katarzyna Joanna Ewa Natalia Irina Olga
Elena Tatiana Giulia Chiara Martina Amélie Chloé Margaux Zoë Annika Greta Heidi Sinead Aoife Fiona Morag Megan Cerys
Violet Daisy Lily Iris Ruby Pearl Crystal Melody Autumn Summer Charity Patience Constance Prudence Augusta Paige
Edith Mildred Thelma Agatha Hyacinth Clementine Oluchi Shreya Nirmala Sumitra Parisa Zohreh Dilnoza Aigerim Nomvula
""".split()

MALE = """
James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Steven Paul
Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan
Carlos Luis José Juan Miguel Pedro Alejandro Diego Fernando Mohammed Ahmed Omar Hassan Ali Ibrahim Yusuf Khalid
Raj Amit Vijay Sanjay Arjun Krishna Ravi Wei Jun Hao Ming Feng Chen-Yu Satoshi Daisuke Kazuo Min-jun Seung-ho Tuan Dung
Chukwuemeka Emeka Kofi Kwame Jabari Mamadou Lars Erik Nils Sven Henrik Piotr Krzysztof Tomasz Ivan Dmitri Sergei Luca
Marco Giovanni Pierre François Étienne Hans Jürgen Klaus Seán Liam Declan Hamish Ewan Dafydd Rhys
Art Bob Buddy Chance Chip Cliff Dale Earl Duke Gene Glen Guy Heath Jay Lance Pierce Reed Rob Roman Rod Wade Victor Max
Archibald Cuthbert Horatio Lysander Bartholomew Ezekiel Obadiah Rasheed Kareem Chidi Tendai Bayani Datu Sione Wiremu
""".split()

SURNAMES = [
    *"""
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson
    Thomas Taylor Moore Jackson Martin Lee Perez Thompson Harris Sanchez Clark Ramirez Lewis Robinson Walker Allen Wright
    Torres Nguyen Scott Flores Adams Nelson Campbell Mitchell Roberts Patel Singh Kumar Sharma Gupta Khan Ahmed Hussain
    Chen Wang Zhang Liu Yang Huang Zhao Wu Zhou Kim Lee-Choi Choi Tanaka Suzuki Sato Watanabe Tran Pham Hoang Okafor Adeyemi
    Boateng Osei Diallo Kamau Mwangi Abdi Haile Müller Schmidt Weber Wagner Schröder Rossi Ferrari Bianchi Dubois Moreau
    Laurent Kowalski Nowak Ivanov Petrov Silva Barbosa Oliveira Costa Johansson Andersson Nielsen Virtanen Jansen Bakker
    O'Brien O'Connor O'Neill Hughes-Walsh Kelly Walsh Byrne McCarthy MacDonald McKenzie Fraser Davies Evans Griffiths
    Alzheimer Addison Hodgkin Barrett Wolff Gray Golden Pike Bush Frost Fields Waters Winter Summers Noble Pope Bishop
    Knight Drake Fox Wolf Hawk Crane Finch Love Savage Strong Quick Power Gold Silver Steele Wood Woods Bean
    Oyelaran Mbeki Quaye Nakamoto Fujisawa Weatherby Tillinghast Vandenberg Wojcik Zielinska Halvorsen Eriksdotter
    Ghorbani Hakimi Mirza Banerjee Iyer Subramanian Perera Wickramasinghe Castellanos Arroyo Benítez Zúñiga Fairweather
    Throckmorton Pettigrew Haversham Birtwistle Entwistle Yarborough Quesenberry Stallworth Satterfield Abernathy
    """.split(),
    "van der Berg",
    "van Dijk",
    "de la Cruz",
    "de Souza",
    "von Braun",
    "di Marco",
    "Abu Bakr",
    "St. James",
    "La Fontaine",
    "del Río",
    "van Houten",
    "den Hartog",
]

CITIES = (
    """
Los Angeles|Phoenix|San Antonio|San Diego|Dallas|San Jose|Austin|Jacksonville|Fort Worth|Columbus|Charlotte|Indianapolis
Nashville|Detroit|Memphis|Portland|Las Vegas|Milwaukee|Albuquerque|Tucson|Fresno|Omaha|Raleigh|Minneapolis|Tulsa
London|Manchester|Liverpool|Bristol|Edinburgh|Cardiff|Belfast|Dublin|Cork|York|Bath|Oxford|Cambridge|Newcastle upon Tyne
Paris|Berlin|Madrid|Rome|Warsaw|Moscow|Istanbul|Cairo|Nairobi|Accra|Mumbai|Delhi|Karachi|Dhaka|Beijing|Shanghai|Tokyo|Seoul
Mexico City|Bogotá|Lima|São Paulo|Havana|Toronto|Vancouver|Montreal|Sydney|Auckland|Cold Spring|Mill Valley|Blue Lake
Great Snoring|Cedar Falls|Little Rock|Rock Springs|Twin Lakes|Stockton-on-Tees|Wootton Bassett|Bury|Nether Wallop|Chipping Norton|Willow Bend|Fox Crossing|Sandy Gulch|Eagle Pass|Upper Marlboro|St. Albans
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

COUNTIES = [
    "Cook County",
    "Harris County",
    "Maricopa County",
    "County Durham",
    "Lancashire",
    "Jefferson Parish",
    "Kent",
    "Orange County",
    "South Yorkshire",
    "Norfolk",
]

STREETS = [
    "Main",
    "Oak",
    "Maple",
    "Second",
    "S. Washington",
    "Church",
    "High",
    "Victoria",
    "Lakeview",
    "Sunset",
    "E 14th",
    "Harrison",
    "Pine Ridge",
    "Park",
    "Queens",
    "Mulberry",
    "Abbey",
]
STREET_KINDS = [
    "Street",
    "St",
    "Road",
    "Rd",
    "Ave.",
    "Boulevard",
    "Dr.",
    "Lane",
    "Ln",
    "Place",
    "Parkway",
    "Circle",
    "Gardens",
    "Mews",
]

HOSPITALS = [
    "Mercy General Hospital",
    "St. Luke's Medical Center",
    "Riverside Community Hospital",
    "Royal Oakley Infirmary",
    "University Hospital of Westmoor",
    "Cedar Ridge Clinic",
    "Greenfield Nursing Home",
    "Memorial Hermes Hospital",
    "Lakeside Health Center",
    "Park Lane Surgery",
    "Good Samaritan Hospice",
    "Baptist Medical Center",
    "Children's Hospital",
    "Valley View Rehabilitation Center",
    "Hillcrest Family Medicine",
    "Denton VA Medical Center",
    "Maplewood Care Home",
    "Our Lady of Grace Hospital",
    "Bethany Heights",
    "St. Agnes",
    "Northside",
    "RLI",
    "County General",
    "Tern Valley Medical Group",
    "Ashdown Health Clinic",
    "Royal Ferrers Hospital",
    "Saint Monica Nursing Centre",
    "Brookdale Oncology Institute",
    "Eastern Eye Institute",
    "Sunrise Assisted Living",
]
WARDS = [
    "Ward D4",
    "Tower 2 East",
    "Lavender Ward",
    "Ward 3",
    "Ward 12A",
    "Rowan Ward",
    "Churchill Ward",
    "5 North",
    "Willow Unit",
    "ward B2",
    "Elizabeth Ward",
]
EMPLOYERS = [
    "Acme Freight",
    "Northgate Bakery",
    "Delta Plumbing LLC",
    "Baxter & Sons",
    "Summit Paper Mill",
    "Oakwood School",
    "Redline Motors Inc.",
    "Crown Textiles Ltd",
]
STATES = ["Florida", "Illinois", "Arizona", "South Dakota", "New Jersey", "Georgia", "Maine", "PA", "NY", "TX"]
