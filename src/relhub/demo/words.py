"""The words the invented people, companies and cases are made of."""

GIVEN_WOMEN = (
    "Anna", "Johanna", "Maria", "Fatima", "Eline", "Chloé", "Noëlle", "Sanne", "Femke", "Aïcha", "Lotte", "Marijke", "Willemijn", "Hatice",
    "Zoë", "Geertruida", "Naomi", "Iris", "Wilhelmina", "Esther", "Xandra", "Sophie", "Renée", "Yara", "Trijntje", "Ingrid", "Dewi",
    "Karin",
)  # fmt: skip
GIVEN_MEN = (
    "Jan", "Pieter", "Johannes", "Mohammed", "Daan", "René", "Jürgen", "Sem", "Bram", "Yusuf", "Hendrik", "Willem", "Cornelis", "Ömer",
    "Thijs", "Gerrit", "Maarten", "Ruben", "Franciscus", "Lars", "Andrzej", "Sjoerd", "Gijsbert", "Milan", "Teun", "Kees", "Ravi", "Paul",
)  # fmt: skip
FAMILIES = (
    ("", "Jansen"), ("de", "Vries"), ("van den", "Berg"), ("van", "Dijk"), ("", "Bakker"), ("", "Visser"), ("", "Smit"), ("", "Meijer"),
    ("de", "Boer"), ("", "Mulder"), ("de", "Groot"), ("", "Bos"), ("", "Vos"), ("", "Peters"), ("", "Hendriks"), ("van", "Leeuwen"),
    ("", "Dekker"), ("", "Brouwer"), ("de", "Wit"), ("", "Dijkstra"), ("", "Smits"), ("de", "Graaf"), ("van der", "Meer"), ("", "Kok"),
    ("", "Yılmaz"), ("", "El Amrani"), ("", "Müller"), ("", "Coenraad"), ("van 't", "Hof"), ("", "Kılıç"), ("ten", "Brink"), ("", "Schöne"),
    ("", "Postma"), ("in 't", "Veld"), ("", "Nguyen"), ("", "Kowalski"), ("van de", "Ven"), ("", "Bouzid"), ("", "Veenstra"), ("", "Prins"),
    ("", "Verhoeven"), ("de", "Bruijn"), ("", "Sánchez"), ("op den", "Kamp"), ("", "Hoekstra"), ("", "Singh"), ("van", "Vliet"), ("",
                                                                                                                                  "Blom"),
    ("", "Timmermans"), ("'t", "Hart"), ("", "Verbeek"), ("van der", "Velden"), ("", "Kuipers"), ("", "Okafor"), ("", "Zwart"), ("",
                                                                                                                                 "Faber"),
)  # fmt: skip
# city, municipality code, first and last postcode digits, longitude, latitude
CITIES = (
    ("Zeist", "0355", 3700, 3709, 5.233, 52.088), ("Den Dolder", "0355", 3734, 3735, 5.240, 52.138), ("Bilthoven", "0310", 3721, 3723,
                                                                                                      5.203, 52.128),
    ("De Bilt", "0310", 3731, 3732, 5.181, 52.109), ("Bunnik", "0312", 3980, 3981, 5.198, 52.066), ("Doorn", "1581", 3940, 3941, 5.345,
                                                                                                    52.034),
    ("Utrecht", "0344", 3511, 3584, 5.121, 52.090), ("Amersfoort", "0307", 3811, 3829, 5.387, 52.156), ("Houten", "0321", 3991, 3995,
                                                                                                        5.168, 52.029),
)  # fmt: skip
STREETS = (
    "Dorpsstraat", "Slotlaan", "Kerkstraat", "Molenweg", "Burgemeester van Tuyllaan", "Steynlaan", "Lindelaan", "Julianaplein",
    "Beukenlaan",
    "Prins Hendriklaan", "Driebergseweg", "1e Hogeweg", "Achter de Hoven", "Oude Arnhemseweg", "Costerlaan", "Geroweg", "Utrechtseweg",
    "Verlengde Slotlaan",
    "Laan van Beek en Royen", "Schaerweijdelaan", "Cornelis Schellingerlaan", "Het Rond", "Van Reenenweg", "Wilhelminapark",
    "2e Dorpsstraat", "Parklaan",
)  # fmt: skip
TRADES = (
    "Bakkerij", "Bouwbedrijf", "Garage", "Restaurant", "Timmerwerken", "Hoveniersbedrijf", "Loodgietersbedrijf", "Evenementen", "Vastgoed",
    "Zorggroep",
    "Transport", "Schildersbedrijf", "Advies", "Kwekerij", "Installatietechniek", "Kinderopvang", "Architecten", "Rijschool",
    "Sloopwerken", "Fietsen",
)  # fmt: skip
LEGAL_FORMS = (
    ("BV", "B.V."),
    ("BV", "B.V."),
    ("VOF", "V.O.F."),
    ("Eenmanszaak", ""),
    ("Stichting", "Stichting"),
    ("Vereniging", "Vereniging"),
    ("NV", "N.V."),
)
FUNCTIONS = ("directeur", "bedrijfsleider", "projectcoördinator", "secretaris", "eigenaar", "hoofd vastgoed")

PERMIT_SUBJECTS = {
    "ZT-OMG": ("Dakkapel aan de voorzijde", "Aanbouw aan de achterzijde", "Kappen van twee beuken", "Slopen van een schuur",
               "Nieuwbouw van een woning",
               "Uitrit verbreden", "Wijzigen van de gevel", "Plaatsen van zonnepanelen op een monument", "Verbouwen van een winkelpand"),
    "ZT-EVE": ("Straatfeest", "Avondvierdaagse", "Kerstmarkt", "Buurtbarbecue", "Openluchtconcert", "Rommelmarkt"),
    "ZT-ADV": ("Vooroverleg over splitsen van een woning", "Vooroverleg over een bijgebouw", "Vooroverleg over een kleine uitbreiding"),
    "ZT-WOP": ("Wijziging omgevingsplan voor woningbouw", "Wijziging omgevingsplan voor horeca",
               "Wijziging omgevingsplan voor een bedrijfsperceel"),
}  # fmt: skip
ENFORCEMENT_SUBJECTS = (
    "Bouwen zonder vergunning",
    "Strijdig gebruik van een woning",
    "Illegale kap",
    "Geluidsoverlast door een bedrijf",
    "Opslag van afval op eigen terrein",
)
SUPERVISION_SUBJECTS = (
    "Controle tijdens de bouw",
    "Periodieke milieucontrole",
    "Controle brandveilig gebruik",
    "Opleveringscontrole",
    "Controle op naleving van de vergunning",
)
WRONG = {
    "toezicht": ("Het werk wijkt af van de tekening", "De nooduitgang was geblokkeerd", "Afval wordt niet gescheiden bewaard"),
    "handhaving": ("Er wordt gebouwd zonder vergunning", "De overtreding is nog niet ongedaan gemaakt"),
}
RIGHT = ("Er is niets aangetroffen dat afwijkt", "De voorschriften worden nageleefd")
PROJECT_SUBJECTS = {
    "gebiedsontwikkeling": ("Herontwikkeling stationsgebied", "Woningbouw Kerckebosch", "Transformatie kantorenstrook", "Centrumplan"),
    "herinrichting": ("Herinrichting winkelstraat", "Herinrichting schoolplein en omgeving", "Vernieuwing riolering en bestrating"),
    "consultatie": ("Consultatie terrassenbeleid", "Consultatie parkeren", "Raadpleging over windmolens"),
    "adviesronde": ("Adviesronde monumentenlijst", "Adviesronde groenstructuurplan", "Adviesronde verkeersveiligheid"),
    "beleidsvoorbereiding": ("Voorbereiding woonvisie", "Voorbereiding horecanota", "Voorbereiding klimaatadaptatie"),
}  # fmt: skip
