#include "guidelines/places/place_names.h"

namespace mores::guidelines {

std::string_view CountryNames() {
  return R"(
AE =|UAE|U.A.E.|Emirates|阿联酋|阿拉伯联合酋长国
AG =|Antigua
BA =|Bosnia|Bosnia-Herzegovina|波黑|波斯尼亚
BD =|孟加拉国
BN Brunei|Brunei Darussalam
BW =|博茨瓦纳
CD Democratic Republic of the Congo|Democratic Republic of Congo|D.R.C.|DRC|DR Congo|D.R. Congo|Congo-Kinshasa|Congo (Kinshasa)|Zaire|刚果民主共和国|刚果（金）|刚果金
CF =|C.A.R.|中非共和国
CG Republic of the Congo|Republic of Congo|Congo|Congo-Brazzaville|Congo (Brazzaville)|刚果共和国|刚果（布）|刚果布
CI =|Ivory Coast|Cote d'Ivoire|科特迪瓦|象牙海岸
CN =|PRC|P.R.C.|Mainland China|中国|中华人民共和国
CV =|Cape Verde
CZ =|Czech Republic
DO =|多米尼加共和国|多米尼加
DM =|多米尼克
FK Falkland Islands|Falklands|Malvinas
FM Micronesia|Federated States of Micronesia
GB =|U.K.|UK|Britain|Great Britain|英国|联合王国|大不列颠
GM =|The Gambia
GT =|危地马拉
GE =|Republic of Georgia|country of Georgia
HK =|HKSAR|Hong Kong SAR
HN =|洪都拉斯
IE =|Republic of Ireland
IN =|印度
ID =|印度尼西亚|印尼
IR Iran|伊朗
IT =|意大利
KG =|Kirghizstan|吉尔吉斯斯坦
KH =|Kampuchea|柬埔寨
KP North Korea|DPRK|D.P.R.K.|朝鲜|北韩|朝鲜民主主义人民共和国
KR South Korea|Republic of Korea|Korea|R.O.K.|韩国|南韩|大韩民国
LA Laos|Lao PDR|Lao P.D.R.|老挝
MK =|Macedonia|北马其顿
MM =|Burma|缅甸
MO Macau|Macao|Macau SAR|澳门
MT =|马耳他
MY =|马来西亚
NL =|Holland|The Netherlands|荷兰
NZ =|Aotearoa|新西兰
PH =|The Philippines|菲律宾
PS Palestine|Palestinian Territories|State of Palestine|巴勒斯坦
PN Pitcairn Islands
RU Russia|Russian Federation|俄罗斯|俄国|俄罗斯联邦
SA =|KSA|K.S.A.|沙特阿拉伯|沙特
SH Saint Helena
ST São Tomé and Príncipe|Sao Tome
SY Syria|叙利亚
SZ =|Swaziland|埃斯瓦蒂尼|斯威士兰
TL =|East Timor|东帝汶
TR Turkey|Türkiye|Turkiye|土耳其
TT =|Trinidad
TW Taiwan|台湾|臺灣
TZ Tanzania|坦桑尼亚
US =|United States of America|U.S.|U.S.A.|US|USA|America|the States|美国|美利坚合众国
VA Vatican City|Holy See|Vatican|梵蒂冈
VC =|St. Vincent
VG British Virgin Islands
VI U.S. Virgin Islands|United States Virgin Islands|US Virgin Islands
VN Vietnam|Viet Nam|越南
XK Kosovo|科索沃
YE =|也门
)";
}

std::string_view PartNames() {
  return R"(
AF-KAB Kabul|Kābul
AF-KAN Kandahar|Qandahar
AF-HER Herat
AF-BAL Balkh
AR-B Buenos Aires Province
AR-C Buenos Aires|Buenos Aires City
AR-X Córdoba
AR-T Tucumán
AE-DU Dubai|迪拜
AE-AZ Abu Dhabi|阿布扎比
AE-SH Sharjah|沙迦
AT-9 Vienna|维也纳
AT-7 Tyrol
BD-C Dhaka|达卡
BD-B Chittagong|Chattogram|吉大港
BE-BRU Brussels
BE-VLG Flanders
BE-WAL Wallonia
CH-GE Geneva
CH-ZH Zurich
CH-BE Bern
CH-LU Lucerne
CN-AH Anhui|安徽
CN-BJ Beijing|Peking|北京
CN-CQ Chongqing|重庆
CN-FJ Fujian|福建
CN-GD Guangdong|Canton Province|广东
CN-GS Gansu|甘肃
CN-GX Guangxi|广西
CN-GZ Guizhou|贵州
CN-HA Henan|河南
CN-HB Hubei|湖北
CN-HE Hebei|河北
CN-HI Hainan|海南
CN-HK Hong Kong|香港
CN-HL Heilongjiang|黑龙江
CN-HN Hunan|湖南
CN-JL Jilin|吉林
CN-JS Jiangsu|江苏
CN-JX Jiangxi|江西
CN-LN Liaoning|辽宁
CN-MO Macau|Macao|澳门
CN-NM Inner Mongolia|Nei Mongol|内蒙古|内蒙
CN-NX Ningxia|宁夏
CN-QH Qinghai|青海
CN-SC Sichuan|四川
CN-SD Shandong|山东
CN-SH Shanghai|上海
CN-SN Shaanxi|陕西
CN-SX Shanxi|山西
CN-TJ Tianjin|天津
CN-XJ Xinjiang|Xinjiang Uyghur|新疆
CN-XZ Tibet|Xizang|西藏
CN-YN Yunnan|云南
CN-ZJ Zhejiang|浙江
CO-DC Bogotá|Distrito Capital de Bogotá|波哥大
CD-KN Kinshasa|金沙萨
CD-NK North Kivu
CD-SK South Kivu
CD-HK Upper Katanga|Haut-Katanga|Katanga
CZ-10 Prague
DE-BY Bavaria|巴伐利亚
DE-HE Hesse
DE-NI Lower Saxony
DE-NW North Rhine-Westphalia|北莱茵-威斯特法伦
DE-RP Rhineland-Palatinate
DE-SN Saxony|萨克森
DE-ST Saxony-Anhalt
DE-TH Thuringia
DE-MV Mecklenburg-Western Pomerania
DK-84 Copenhagen
EG-ALX Alexandria|亚历山大
EG-ASN Aswan|阿斯旺
EG-AST Asyut
EG-BA Red Sea
EG-C Cairo|开罗
EG-FYM Faiyum|Fayoum
EG-GZ Giza|吉萨
EG-IS Ismailia
EG-JS South Sinai
EG-LX Luxor|卢克索
EG-MN Minya
EG-PTS Port Said|塞得港
EG-SIN North Sinai
EG-SUZ Suez|苏伊士
ES-AN Andalusia|安达卢西亚
ES-AR Aragon
ES-B Barcelona|巴塞罗那
ES-CN Canary Islands|加那利群岛
ES-CT Catalonia|加泰罗尼亚
ES-CL Castile and León
ES-GA Galicia|加利西亚
ES-IB Balearic Islands|Mallorca|Majorca|Ibiza
ES-MD Madrid|Community of Madrid|马德里
ES-NC Navarre|Navarra
ES-PV Basque Country|巴斯克
ES-SE Seville|塞维利亚
ES-VC Valencian Community|Valencian Country
ES-V Valencia|瓦伦西亚
ES-Z Zaragoza|Saragossa
ES-BI Biscay
ET-AA Addis Ababa|亚的斯亚贝巴
ET-AM Amhara
ET-OR Oromia
ET-TI Tigray
ET-SO Somali Region
ET-AF Afar
FR-BRE Brittany|布列塔尼
FR-20R Corsica|科西嘉
FR-NOR Normandy
FR-ARA Auvergne-Rhône-Alpes
FR-IDF Île-de-France|Ile de France
FR-PAC Provence-Alpes-Côte d'Azur|Provence
FR-GES Grand Est|Alsace|Lorraine
FR-GF French Guiana|Guyane
FR-OCC Occitania
GB-ENG England|英格兰
GB-SCT Scotland|苏格兰
GB-WLS Wales|威尔士
GB-NIR Northern Ireland|北爱尔兰
GB-LND City of London
GB-CON Cornwall
GB-EDH Edinburgh
GB-GLG Glasgow
GB-BST Bristol
GB-MAN Manchester
GB-BIR Birmingham
GB-LIV Liverpool
GB-LDS Leeds
GB-CRF Cardiff
GB-BFS Belfast
GH-AA Greater Accra
GR-I Attica
GR-M Crete
ID-AC Aceh|亚齐
ID-BA Bali|巴厘岛
ID-JB West Java
ID-JI East Java
ID-JT Central Java
ID-JK Jakarta|雅加达
ID-JW Java|爪哇
ID-KA Kalimantan|Borneo
ID-KB West Kalimantan
ID-KI East Kalimantan
ID-KS South Kalimantan
ID-KT Central Kalimantan
ID-KU North Kalimantan
ID-ML Moluccas|Maluku
ID-NB West Nusa Tenggara
ID-NT East Nusa Tenggara
ID-PB West Papua
ID-PP Papua
ID-SA North Sulawesi
ID-SB West Sumatra
ID-SL Sulawesi
ID-SM Sumatra
ID-SN South Sulawesi
ID-SR West Sulawesi
ID-SS South Sumatra
ID-ST Central Sulawesi
ID-SU North Sumatra
ID-YO Yogyakarta|Jogjakarta
IN-DL Delhi|New Delhi|新德里|德里
IN-UP Uttar Pradesh
IN-TN Tamil Nadu
IN-WB West Bengal
IN-PB Punjab
IN-KL Kerala|喀拉拉
IN-KA Karnataka
IN-MH Maharashtra
IN-GJ Gujarat
IN-RJ Rajasthan
IN-JK Jammu and Kashmir
IQ-BG Baghdad|巴格达
IQ-BA Basra
IQ-NI Nineveh
IQ-KI Kirkuk
IQ-NA Najaf
IQ-KA Karbala
IQ-AR Erbil|Arbil
IR-03 East Azerbaijan
IR-04 West Azerbaijan
IR-09 Razavi Khorasan
IR-10 Isfahan|Esfahan|伊斯法罕
IR-11 Sistan and Baluchestan
IR-12 Kurdistan Province
IR-23 Tehran|Teheran|德黑兰
IR-25 Qom|Qum
IR-07 Fars
IT-21 Piedmont|皮埃蒙特
IT-23 Aosta Valley
IT-25 Lombardy|伦巴第
IT-32 Trentino-Alto Adige|Trentino-South Tyrol
IT-52 Tuscany|托斯卡纳
IT-75 Apulia|Puglia
IT-82 Sicily|西西里
IT-88 Sardinia|撒丁岛
IT-BZ South Tyrol|Alto Adige
IT-FI Florence|佛罗伦萨
IT-GE Genoa
IT-MI Milan|米兰
IT-NA Naples|那不勒斯
IT-RM Rome|罗马
IT-SR Syracuse
IT-TO Turin|都灵
IT-VE Venice|威尼斯
JP-01 Hokkaido|Hokkaidō|北海道
JP-13 Tokyo|东京
JP-26 Kyoto|京都
JP-27 Osaka|大阪
JP-28 Hyōgo
JP-47 Okinawa|冲绳
KE-30 Nairobi|内罗毕
KE-28 Mombasa
KE-37 Samburu
KR-11 Seoul|首尔
KR-26 Busan|Pusan|釜山
KR-28 Incheon|仁川
KR-49 Jeju|济州岛
KR-45 North Jeolla
MA-FES Fes|Fez
MA-MAR Marrakech|Marrakesh|马拉喀什
MA-CAS Casablanca|卡萨布兰卡
MA-RAB Rabat
MA-TNG Tangier
MA-09 Souss-Massa
MA-01 Tangier-Tetouan-Al Hoceima
MM-06 Yangon|Rangoon|仰光
MM-04 Mandalay
MM-14 Chin State
MM-11 Kachin
MM-16 Rakhine|Arakan
MM-17 Shan State
MX-CMX Mexico City|墨西哥城
MX-MEX State of Mexico
MX-MIC Michoacán
MX-COA Coahuila
MX-VER Veracruz
MY-12 Sabah
MY-13 Sarawak
MY-14 Kuala Lumpur|吉隆坡
MY-07 Penang
MY-04 Malacca
NG-FC Abuja
NG-LA Lagos|拉各斯
NG-KN Kano
NG-NI Niger State
NG-BE Benue
NL-NH North Holland
NL-ZH South Holland
NP-P3 Bagmati
PE-CUS Cusco|Cuzco|库斯科
PE-LMA Lima|利马
PH-15 Cordillera
PH-14 Bangsamoro|Muslim Mindanao
PH-00 Metro Manila|National Capital Region
PH-01 Ilocos
PH-CEB Cebu|宿务
PH-BOH Bohol
PK-BA Balochistan|Baluchistan
PK-GB Gilgit-Baltistan
PK-IS Islamabad|伊斯兰堡
PK-JK Azad Kashmir
PK-KP Khyber Pakhtunkhwa|KPK
PK-PB Punjab
PK-SD Sindh|Sind
PL-02 Lower Silesia
PL-12 Lesser Poland
PL-14 Masovia|Mazovia
PL-22 Pomerania
PL-24 Silesia
PL-30 Greater Poland
PT-11 Lisbon
PT-20 Azores
PT-30 Madeira
RU-CE Chechnya|Chechen Republic|车臣
RU-CU Chuvashia
RU-DA Dagestan|达吉斯坦
RU-IN Ingushetia
RU-KR Karelia
RU-MOW Moscow|莫斯科
RU-SPE Saint Petersburg|圣彼得堡
RU-SA Yakutia|Sakha
RU-TA Tatarstan
RU-BU Buryatia
RU-BA Bashkortostan
RU-TY Tuva
RU-KAM Kamchatka
RU-PRI Primorye
RU-KGD Kaliningrad
SA-01 Riyadh|利雅得
SA-02 Mecca|Makkah|麦加
SA-03 Medina|Madinah|麦地那
SA-04 Eastern Province
SA-07 Tabuk
SA-14 Asir
SD-KH Khartoum|喀土穆
SE-AB Stockholm
SY-DI Damascus
SY-HL Aleppo
TH-10 Bangkok|曼谷
TH-50 Chiang Mai|清迈
TH-83 Phuket|普吉
TR-34 Istanbul|伊斯坦布尔
TR-35 Izmir
TR-21 Diyarbakir
TW-TPE Taipei|台北
TZ-02 Dar es Salaam
TZ-09 Kilimanjaro
UA-05 Vinnytsia
UA-07 Volyn
UA-09 Luhansk|Lugansk
UA-12 Dnipropetrovsk
UA-14 Donetsk
UA-21 Zakarpattia|Transcarpathia
UA-30 Kyiv|Kiev|基辅
UA-43 Crimea|克里米亚
UA-46 Lviv|Lvov
UA-51 Odesa|Odessa|敖德萨
UA-63 Kharkiv|Kharkov
UA-65 Kherson
UA-77 Chernivtsi
US-CA California|加利福尼亚|加州
US-DC District of Columbia|Washington, D.C.|Washington D.C.|Washington DC|华盛顿
US-FL Florida|佛罗里达
US-GA Georgia
US-HI Hawaii|Hawai'i|夏威夷
US-NY New York|New York City|NYC|纽约
US-TX Texas|得克萨斯|德州
US-WA Washington
UZ-BU Bukhara
UZ-FA Fergana
UZ-JI Jizzakh
UZ-QR Karakalpakstan
UZ-SA Samarkand|Samarqand
UZ-TK Tashkent|塔什干
UZ-XO Khorezm
VN-DN Da Nang
VN-HN Hanoi|河内
VN-HP Haiphong
VN-SG Ho Chi Minh City|Saigon|HCMC|胡志明市|西贡
YE-AD Aden
YE-HD Hadramout|Hadhramaut|Hadramawt
YE-HU Hodeidah|Al Hudaydah
YE-SA Sanaa|Sana'a|萨那
YE-SU Socotra
YE-TA Taiz
ZA-GP Gauteng
ZA-KZN KwaZulu-Natal|Kwazulu-Natal
ZA-WC Western Cape
ZA-EC Eastern Cape
ZA-LP Limpopo
)";
}

std::string_view CityNames() {
  return R"(
AR Rosario|Mar del Plata|Bariloche|Ushuaia
AU Sydney|Melbourne|Brisbane|Perth|Canberra
BD Sylhet|Cox's Bazar|Khulna|Rajshahi
BR Rio de Janeiro|Salvador da Bahia|Brasília|Brasilia|Belo Horizonte|Porto Alegre|Curitiba|Manaus|Recife|里约热内卢|圣保罗
CA Toronto|Vancouver|Montreal|Montréal|Ottawa|Calgary|Edmonton|Winnipeg|Halifax|Quebec City|多伦多|温哥华|蒙特利尔
CD Lubumbashi|Goma|Bukavu|Kisangani
CI Bouaké|阿比让
CN Guangzhou|Shenzhen|Chengdu|Wuhan|Hangzhou|Nanjing|Xi'an|Suzhou|Xiamen|Lhasa|Kunming|Harbin|Qingdao|Urumqi|广州|深圳|成都|武汉|杭州|南京|西安|苏州|厦门|拉萨|昆明|哈尔滨|青岛|乌鲁木齐
CO Medellín|Medellin|Cartagena de Indias|Cali|Barranquilla
DE Munich|Cologne|Frankfurt|Stuttgart|Düsseldorf|Dresden|Leipzig|Nuremberg|Heidelberg|慕尼黑|法兰克福|科隆
DZ Algiers|Oran
EG Hurghada|Sharm El-Sheikh|Sharm El Sheikh|Siwa
ES Bilbao|Granada|Pamplona|Santiago de Compostela|San Sebastián
FR Paris|Marseille|Lyon|Toulouse|Bordeaux|Strasbourg|Lille|Nantes|巴黎|马赛|里昂
GB London|Oxford|Cambridge|伦敦|曼彻斯特
GH Kumasi|Tamale
IN Mumbai|Bombay|Bangalore|Bengaluru|Chennai|Madras|Kolkata|Calcutta|Hyderabad|Jaipur|Varanasi|Agra|Ahmedabad|Pune|Lucknow|Amritsar|Kochi, Kerala|孟买|班加罗尔|加尔各答
ID Surabaya|Bandung|Medan|Ubud|Makassar|Denpasar
IE Dublin
IL Jerusalem|Tel Aviv|Haifa
IQ Mosul|Fallujah|Sulaymaniyah
IR Mashhad|Shiraz|Tabriz
IT Pompeii|Bologna|Verona|Palermo|Amalfi
JP Kobe|Sapporo|Yokohama|Nagoya|神户|札幌|横滨|名古屋
KE Kisumu|Eldoret|Nakuru|Lamu|Maasai Mara|Masai Mara
KR Gyeongju|Jeonju|Daegu|Gwangju|Daejeon
MA Chefchaouen|Agadir|Tetouan|Essaouira|Meknes
MM Bagan|Naypyidaw
MX Guadalajara|Monterrey|Cancún|Cancun|Tijuana|Cozumel|Tulum|Playa del Carmen
MY Johor Bahru|Kota Kinabalu|Kuching|George Town, Penang
MZ Maputo|Beira
NG Ibadan|Port Harcourt|Enugu|Niger Delta
NP Kathmandu|Pokhara|Lumbini|加德满都
PE Arequipa|Machu Picchu|Iquitos
PH Manila|Quezon City|Davao|Davao City|Cebu City|Baguio|Boracay|Mindanao|Luzon|Visayas|Palawan|马尼拉
PK Karachi|Lahore|Rawalpindi|Peshawar|Faisalabad|Multan|Quetta|卡拉奇|拉合尔
PL Warsaw|Kraków|Krakow|Gdańsk|Gdansk|Wrocław|Wroclaw|Poznań|华沙
RU St. Petersburg|Novosibirsk|Kazan|Vladivostok|Siberia|Sochi|Yekaterinburg|西伯利亚
SA Jeddah|Dammam|吉达
TH Pattaya|Ayutthaya|Koh Samui
TR Cappadocia|Anatolia|Ephesus
TZ Zanzibar|Arusha|Serengeti|Stone Town
UA Donbas|Donbass|Bukovina
UG Kampala|Entebbe|Jinja|Gulu|Mbarara
US Los Angeles|Chicago|Boston|San Francisco|Seattle|Houston|Philadelphia|Miami|Las Vegas|Dallas|Atlanta|New Orleans|Denver|Detroit|洛杉矶|芝加哥|旧金山|波士顿|西雅图
VN Hoi An|Hue
YE Shibam
ZA Johannesburg|Cape Town|Durban|Pretoria|Soweto|约翰内斯堡|开普敦
)";
}

std::string_view NoPlaces() {
  return R"(
Indian Ocean|Gulf of Mexico|Gulf of Guinea|Gulf of Oman|Sea of Japan|South China Sea|East China Sea
China Sea|Bone China|Fine China|China Plate|China Plates|China Cabinet|China Tea|China Shop|China Cup
Guinea Pig|Guinea Pigs|Guinea Fowl|Guinea Hen|Jordan River|River Jordan|Air Jordan|Air Jordans
Michael Jordan|Jordan Almonds|Lake Chad|Hanging Chad|Niger River|River Niger|Congo River|River Congo
Latin America|South America|North America|Central America|Bank of America|Captain America|Miss America
Little Italy|Little India|Little Saigon|Roast Turkey|Turkey Day|Turkey Sandwich|Turkey Trot|Wild Turkey
Panama Hat|Panama Hats|Brazil Nut|Brazil Nuts|Jersey City|Prince of Wales|Princess of Wales
Bank of England|Church of England|New England|Church of Scotland|Paris Hilton|Jack London
Granny Smith|Cuba Libre|New York Times|Washington Post|Boston Tea Party|Chicago Manual
Java Script|Java Edition|Champagne Socialist|St. Kitts|Georgia O'Keeffe|Greenland Shark
Turkey Breast|Turkey Dinner|Cayenne Pepper|Persian Gulf|Arabian Sea|Bay of Bengal|Canada Goose
Canada Geese|Isle of Man TT|Malta Hill|Kosovo Polje|Bermuda Shorts|Bermuda Triangle|Yorkshire Pudding
Jersey Shore|Jersey Cow|New Jersey Devils|Hong Kong Flu|Spanish Flu|Berlin Wall|Vienna Sausage
US Dollar|US Dollars|U.S. Dollar|U.S. Dollars|Hong Kong Dollar|Hong Kong Dollars
Paris Agreement|Paris Accord|Geneva Convention|Geneva Conventions|Kyoto Protocol|Hague Convention
Oxford English|Oxford Dictionary|Oxford Comma|Cambridge Dictionary
发展中国家|其中国内|其中国际|印度洋|印度教|印度支那|日本海|墨西哥湾|几内亚湾|南中国海|天津饭
)";
}

std::string_view AmbiguousNames() {
  return "Turkey|China|Guinea|Jersey|Dominica|Niger|Mali|Togo|Cuba|Panama|Grenada|America|US|"
         "Guernsey|Bermuda|Malta|Benin|the "
         "States|Emirates|Trinidad|Vatican|Antigua|Bonaire|Holland";
}

std::string_view UncertainNames() {
  return "Chad|Jordan|Israel|Georgia|Reunion|Congo|Washington|Java|Florence|Alexandria|Sydney|"
         "Victoria|Cambridge|Oxford|Perth|Agra|Hue|Cali|Lima|Nice|Orange|Paris|London|Florida|"
         "Virginia|Carolina|Champagne|Provence|Milan|Siena|Sofia|Adelaide|Austin|Dallas|Denver|"
         "Houston|Boston|Madison|Lincoln|Jackson|Charlotte|Phoenix|Regina|Santiago|Kingston|"
         "Hamilton|Valencia|Medina|Asir|Afar|Mecca|Wales|Lagos|Beira|Jinja|Bagan|Galicia|Troy";
}

std::string_view PlainWords() {
  return "Central|Northern|Western|Eastern|Southern|North|South|East|West|Centre|Center|Coast|"
         "Delta|"
         "Rivers|Plateau|Red Sea|Van|Batman|Split|Union|Mary|Mexico|Capital|Coastal|Highlands|"
         "Savannah|Islands|North East|South East|North West|South West|Northeast|Northwest|"
         "Southeast|Southwest|Salt|Bar|Bath|Reading|Sale|Man|Male|Kent|Ordu|Metro|Upper|Lower|"
         "Mountain|Lakes|River Gee|Saint George|Saint John|Saint Paul|Saint Andrew|Christ Church|"
         "Unity|Most|Lot|Pool|Derby|Bay|Antique|Lira|Ascension|Highland|Ba|Long "
         "Island|Inner|Outer|Western Region|Central Region|Eastern Region|Northern "
         "Region|Midlands|Border|"
         "Amazonas|Independence|Liberty|La Paz|Sousse|Como|Bari|Lodi|Enna|Para|Mara|Cross River";
}

}  // namespace mores::guidelines
