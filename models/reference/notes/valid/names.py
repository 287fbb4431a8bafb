"""Names of the valid world: none of them is one of the train world."""

FEMALE = """
Ngozi Thandiwe Caoimhe Niamh Eilidh Rhiannon Bronwen Ottilie Xiomara Itzel Citlali Yaretzi Anahí Begoña Ximena Lupita
Xinyi Yuhan Thuy Quynh Nguyet Sanjeevani Vaishnavi Harpreet Manpreet Tejaswini Khadija Yusra Nasreen Shahnaz Shirin
Golnaz Agnieszka Małgorzata Ludmila Oksana Mirela Ildikó Ingeborg Sigrún Aino Saskia Femke Ludovica Fiammetta Maëlle
Aurélie Despina Eleftheria Mereana Leilani Winona Chipo Nthabiseng Wanjiru Hiwot Fatoumata Folasade Ann-Marie Mary-Kate
Bettina Philippa Araceli Marisol Guadalupe Keisha Latoya Shanice Tamika Aaliyah Svetlana Zainab Meera Sunita Mei-Ling
Grace Rose Faith June April Dawn Joy Carol Hope Ivy Dorothy Beverly Naomi Heather Gladys Phyllis Eunice Maureen Geraldine
Stella Priscilla Bernadette Rosalind Winifred Marjorie Camille Francesca Hannah Amelia Isla
""".split()

MALE = """
Kwabena Oluwaseun Íñigo Zhihao Haoran Bao Gurdeep Devansh Farrukh Haytham Babak Arash Wojciech Zbigniew Bogdan Vsevolod
Taras Yevhen Zoltán Jørgen Øyvind Torvald Pekka Eero Matthijs Joost Giancarlo Anselmo Thibault Gwenaël Yiannis Tevita
Keoni Makoa Tawanda Sipho Otieno Abebe Tsegaye Amadou Ousmane Kehinde Jean-Luc Minh-Duc Lachlan Fionnbarr Padraig Cormac
Ulysses Thaddeus Ignatius Percival Cuauhtémoc Joaquín Heriberto Rigoberto Demetrius Tyrone DeShawn LaMar Jamal Tariq
Siddharth Balakrishnan Venkat Anil Rohan Hiroshi Kenji Takeshi
Mark Bill Hunter Will Frank Jack Ray Chase Grant Miles Dean Rich Drew Pat Harold Eugene Marcus Felix Trevor Colin Clifford
Leonard Norman Wallace Mervyn Desmond Barnaby Gareth Angus Alistair Rupert
""".split()

SURNAMES = [
    *"""
    Adjei-Mensah Okonjo Achterberg Vandersloot O'Shaughnessy O'Rourke McIlroy MacGillivray Fitzwilliam Llewelyn-Pryce
    D'Angelo Al-Rashidi El-Sayed Szczepański Wiśniewska Brzezinski Papadimitriou Karagiannis Haraldsdóttir Bjørnstad
    Lindqvist Hämäläinen Kekkonen Yamashita Kobayakawa Tokunaga Phung Truong Vo Ouyang Xue Kuang Tshabalala Mkhize Nkomo
    Mutasa Wambui Kipchoge Gebremariam Tesfaye Traoré Coulibaly Ogunbanjo Eze Venkataraman Krishnamurthy Chattopadhyay
    Dhaliwal Grewal Siddiqui Qureshi Rahimzadeh Tehrani Petrosyan Gvasalia Kuznetsova Zhdanov Tymoshenko Popescu Dragomir
    Quispe Mamani Huamán Zubizarreta Echeverría Figueroa Montoya Villanueva Nascimento Vasconcelos Guimarães Tafoya Begay
    Yazzie Whitehorse Kealoha Tuilagi Faleolo Hargreaves Pemberton Ashworth Thistlewood Crabtree Ramsbottom Holloway
    Bancroft Delacroix Lefebvre Kessler Baumgartner Schwarzenbach Featherstonehaugh Cholmondeley Twelvetrees Goldblatt
    Rosenzweig Abramowitz Kowalczuk Novotný Szabó Janković Hadžić Çelik Yıldız Öztürk Demir Bouchard Thériault Gagnon
    Parkinson Foley Bell Graves Cook Baker Short Long Young Black White Green Rice Day Bond Banks Stone Little Cross Page
    Price Hand Marsh Wells Cooper Turner Porter Carter Murphy Ward Hill Ford Lane Park Rivers Sharp Small Swift Wise
    """.split(),
    "van der Meulen",
    "van den Heuvel",
    "de la Rosa",
    "de los Santos",
    "St. Clair",
    "Du Plessis",
    "bin Rashid",
    "von Arnim",
    "da Silveira",
    "Le Roux",
    "Ben-David",
    "dos Anjos",
    "ter Horst",
]

# Places smaller than a state.
CITIES = (
    """
Tuscaloosa|Shreveport|Chattanooga|Poughkeepsie|Waukesha|Kalamazoo|Walla Walla|Pocatello|Bismarck|Duluth|Tallahassee
El Paso|Santa Fe|Baton Rouge|Cedar Rapids|Fort Wayne|Des Moines|Sioux Falls|St. Cloud|Winston-Salem|Coeur d'Alene|Boston
Chicago|Houston|Seattle|Philadelphia|Denver|Atlanta|Pittsburgh|Cleveland|Tipperary|Galway|Inverness|Swansea|Wrexham
Milton Keynes|Kingston upon Hull|Ashby-de-la-Zouch|Bury St Edmunds|Stow-on-the-Wold|Leicester|Glasgow|Birmingham|Leeds
Hebden Bridge|Lower Snodbury|Maple Hollow|Otter Creek|Pine Bluff|Grand Forks|Little Elm|Elk Ridge|Bozeman|Ypsilanti
Guadalajara|Port Harcourt|Chengdu|Lahore|Gdańsk|Thessaloniki|Kraków|Lagos|Manila|Addis Ababa|Worthing|Paisley
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

COUNTIES = [
    "Outagamie County",
    "Tarrant County",
    "Allegheny County",
    "Pembrokeshire",
    "County Kerry",
    "Gloucestershire",
    "Orleans Parish",
    "Kings County",
    "West Yorkshire",
    "Rutland",
]

STREETS = [
    "Larkspur",
    "Old Mill",
    "Tamarack",
    "Fourth",
    "N. Delancey",
    "Kingfisher",
    "Saint Andrews",
    "Cemetery",
    "Quarry Hill",
    "Martin Luther King Jr.",
    "Bellflower",
    "W 23rd",
    "Chapel",
    "Gooseberry",
    "Station",
    "Sir Matt Busby",
]
STREET_KINDS = [
    "Lane",
    "Road",
    "Ave",
    "Avenue",
    "St.",
    "Street",
    "Drive",
    "Blvd",
    "Court",
    "Close",
    "Terrace",
    "Way",
    "Crescent",
]

HOSPITALS = [
    "St. Brendan's Hospital",
    "Tuscarora Regional Medical Center",
    "Royal Infirmary of Wexcombe",
    "Mercy Heights",
    "Kettle Valley Clinic",
    "Queen Adelaide Hospital",
    "North Fork VA",
    "Larkfield Surgery",
    "Harbor View Nursing Home",
    "Sacred Heart Medical Center",
    "Bayou Community Hospital",
    "Oakdene Hospice",
    "Saltmarsh Health Centre",
    "Children's Hospital of Otter Creek",
    "Whitfield Memorial",
    "UHW",
    "Brookside Family Practice",
    "Pinecrest Assisted Living",
    "Elmhurst Rehabilitation Unit",
    "Mount Zion Cancer Institute",
]
WARDS = [
    "Ward 14B",
    "Bluebell Ward",
    "ward 7",
    "Nightingale Ward",
    "Tower 4 West",
    "Maxwell Ward",
    "Ward C3",
    "Sycamore Unit",
]
EMPLOYERS = [
    "Brannigan Logistics",
    "Kestrel Roofing",
    "Tidewater Foods Inc.",
    "Hollis & Reed",
    "Marwick Steel",
    "Blue Anvil Brewing",
    "Pelham School District",
    "Ostrava Glassworks Ltd",
]
STATES = ["Ohio", "Texas", "Oregon", "North Carolina", "New York", "Louisiana", "Idaho", "MA", "WI", "CA"]
