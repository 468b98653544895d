#include "text/language_words.h"

#include <array>

namespace mores::text {
namespace {

constexpr std::array kLists = {
    WordList{
        // English, with the abbreviations of chats
        "the a an of to and in is it that this i you he she we they me him her us them my your his "
        "its our their mine yours be am are was were been being do does did done doing have has "
        "had having will would shall should can could may might must not no yes yeah yep nope nah "
        "or but if so as at by for from with about into over after before under between through "
        "during against without within upon off out up down on then than when where why how what "
        "who whom whose which while because since until although though unless whether there here "
        "these those all any both each few more most much many other some such only own same too "
        "very just also even still again ever never always often sometimes maybe perhaps really "
        "now today tomorrow yesterday soon later already yet once twice good bad great nice best "
        "better worse worst new old young big small little long short high low right wrong true "
        "false real sure fine okay ok great happy sad sorry please thanks thank thx welcome hello "
        "hi hey bye lol lmao omg wtf idk haha hahaha u ur im ive id ill dont cant wont didnt "
        "doesnt "
        "isnt arent wasnt werent wouldnt couldnt shouldnt hasnt havent hadnt aint youre youve "
        "theyre "
        "thats whats lets hes shes gonna wanna gotta kinda cuz cause bc tho thru pls plz btw imo "
        "fuck fucking shit damn hell dude bro guy guys man men woman women people person child "
        "children kid kids boy girl friend friends family mother father mom dad brother sister "
        "wife "
        "husband baby dog dogs cat cats house home school work job money time times day days night "
        "week month year years life world country city place thing things stuff way ways part case "
        "point fact question answer problem help need needs want wants wanted like likes liked "
        "love "
        "loves loved hate know knows knew known think thinks thought believe feel feels felt "
        "feeling "
        "see sees saw seen look looks looking watch watching hear heard listen say says said "
        "saying "
        "tell tells told talk talking speak speaking ask asked asking give gives gave given get "
        "gets "
        "got getting go goes going gone went come comes came coming make makes made making take "
        "takes took taken taking put use used using find found keep kept let try tried trying "
        "start "
        "started stop stopped play played run running walk eat eating ate drink drinking sleep buy "
        "bought pay paid sell call called leave left live living lived die died dead kill killed "
        "hope wish wait waiting read reading write writing wrote learn teach understand mean means "
        "meant seem seems become became happen happened happens change changed show shows showed "
        "turn move bring brought hold win won lose lost care stay stand sit meet met remember "
        "forget "
        "first second last next one two three four five six seven eight nine ten hundred thousand "
        "million half lot lots bit something anything nothing everything someone anyone everyone "
        "nobody everybody somebody else another every myself yourself himself herself itself "
        "ourselves themselves back away around together alone well enough almost quite rather "
        "pretty "
        "actually probably definitely literally exactly basically honestly seriously especially "
        "usually instead anyway however therefore important different able possible free full open "
        "easy hard fast late early hot cold black white red blue green water food car phone book "
        "movie game music song name number word words story news party health safe safety law "
        "government company business information example important should using consider provide "
        "assist apologize unable cannot illegal harmful person's women's today's i'm don't can't "
        "cafe naive resume fiance fiancee cliche facade deja touche jalapeno pinata voila entree",
        "ing tion tions ness ful less able ously ity ghts ould ought whom thing body ward wards"},
    WordList{
        // Spanish
        "el la los las un una unos unas de del al y o u e que quien quienes cual como cuando donde "
        "porque por para con sin sobre entre hasta desde hacia segun si no ni pero sino aunque mas "
        "muy mucho mucha muchos muchas poco pocos todo toda todos todas nada nadie algo alguien "
        "otro otra otros este esta esto estos estas ese esa eso esos aquel aquella yo tu usted "
        "ustedes ella ellos ellas nosotros me te se le les nos lo mi mis su sus tus nuestro "
        "nuestra "
        "es son soy eres somos era eran fue fueron ser estar estoy estas estan estamos estaba hay "
        "haber he ha has han habia tengo tienes tiene tienen tener hacer hago hace hacen hizo "
        "puedo "
        "puede puedes pueden poder quiero quieres quiere decir dice dijo ir voy vas va vamos van "
        "ver veo saber se sabe creo gusta gustan gracias hola adios bueno buena buenos buenas dias "
        "noches tardes senor senora amigo amiga amigos hombre mujer nino ninos gente casa vida dia "
        "ano anos tiempo mundo cosa cosas ahora hoy manana ayer siempre nunca tambien tampoco asi "
        "aqui alli bien mal mejor peor favor verdad entonces solo ya porfa jaja jajaja jajajaja "
        "perdon claro vale tal muchisimo mierda tonto estupido dinero trabajo familia madre padre "
        "hermano hijo hija persona personas pais ciudad agua comida musica",
        "cion ciones idad idades mente iendo ando aba aban amos emos imos aste iste arse erse irse "
        "ito itos itas"},
    WordList{// Portuguese
             "o os as um uma uns umas de do da dos das em no na nos nas ao aos pelo pela por para "
             "pra com "
             "sem sobre entre ate desde que quem qual como quando onde porque pois se nao sim nem "
             "mas ou "
             "e muito muita muitos muitas pouco tudo todo toda todos nada ninguem algo alguem "
             "outro outra "
             "este esta isto esse essa isso aquele aquela eu tu voce voces ele ela eles elas nos "
             "me te lhe "
             "meu minha meus minhas seu sua seus suas nosso nossa sou es somos sao era foi foram "
             "ser estar "
             "estou esta estao estava tenho tem temos ter fazer faco faz fez posso pode podem "
             "poder quero "
             "quer dizer disse ir vou vai vamos vao ver saber sei acho gosto obrigado obrigada ola "
             "oi tchau "
             "bom boa bem mal melhor pior agora hoje amanha ontem sempre nunca tambem assim aqui "
             "ali la ja "
             "ainda so mesmo mulher homem gente pessoa pessoas coisa coisas vida dia dias ano anos "
             "tempo "
             "mundo casa trabalho dinheiro amigo amigos kkk kkkk vc tb nao ne tudo bem entao "
             "depois antes",
             "cao coes dade dades mente ando endo indo inho inha amos emos imos avam ou agem"},
    WordList{
        // French
        "le la les un une des du de au aux et ou mais donc or ni car que qui quoi dont ou quand "
        "comment pourquoi comme si ne pas plus jamais rien personne tout toute tous toutes chaque "
        "quelque quelques autre autres meme tres trop peu beaucoup assez bien mal mieux aussi "
        "encore "
        "deja toujours souvent maintenant aujourd'hui hier demain ici voila voici avec sans pour "
        "par "
        "sur sous dans chez entre vers depuis pendant avant apres contre je tu il elle on nous "
        "vous "
        "ils elles moi toi lui eux me te se leur leurs mon ma mes ton ta tes son sa ses notre nos "
        "votre vos ce cet cette ces cela ca est suis es sommes etes sont etait etaient etre ete ai "
        "as "
        "a avons avez ont avait avoir fait faire fais peux peut pouvez pouvoir veux veut voulez "
        "vouloir dois doit devoir dit dire va vais vas allez aller vont voir sais sait savoir "
        "crois "
        "pense aime bonjour bonsoir salut merci oui non s'il plait bon bonne bons homme femme "
        "enfant "
        "enfants gens monde vie jour jours temps annee ans maison travail argent ami amis famille "
        "chose choses alors parce quel quelle quels mdr ptdr putain merde aucun aucune etc",
        "eux euse euses ement aient ais ait eaux oire iques isme"},
    WordList{
        // Italian
        "il lo la i gli le un uno una di del della dello dei degli delle a al alla allo ai agli "
        "alle "
        "da dal dalla in nel nella nei nelle su sul sulla con per tra fra e ed o ma se che chi "
        "cosa "
        "come quando dove perche quale quanto non no si anche piu meno molto molta molti poco "
        "tutto "
        "tutta tutti tutte niente nulla nessuno qualcosa qualcuno altro altra altri questo questa "
        "questi quello quella io tu lui lei noi voi loro mi ti ci vi me te mio mia miei tuo tua "
        "suo "
        "sua nostro vostro sono sei e siamo siete era erano stato stata essere ho hai ha abbiamo "
        "avete hanno avere faccio fai fa fanno fare fatto posso puo possono potere voglio vuoi "
        "vuole "
        "devo deve dire detto dice vado vai va andiamo andare vedere so sai sapere credo penso "
        "piace "
        "ciao grazie prego buongiorno buonasera bene male meglio peggio bello bella buono buona "
        "ora adesso oggi domani ieri sempre mai ancora gia qui qua li cosi allora quindi pero uomo "
        "donna bambino gente vita giorno giorni anno anni tempo mondo casa lavoro soldi amico "
        "amici "
        "famiglia cose persona persone proprio solo sia dopo prima senza cazzo",
        "zione zioni mente ando endo iamo ita eva ava tta tto tti issimo issima aggio ezza"},
    WordList{
        // German
        "der die das den dem des ein eine einen einem einer eines und oder aber denn weil dass "
        "wenn "
        "als ob wie wo wer was wann warum welche welcher nicht kein keine keinen nichts nie "
        "niemand "
        "etwas jemand alle alles viel viele wenig mehr sehr zu so auch noch schon nur immer wieder "
        "jetzt heute morgen gestern hier da dort dann ich du er sie es wir ihr mich dich sich uns "
        "euch mir dir ihm ihn ihnen mein meine meinen dein deine sein seine unser unsere bin bist "
        "ist sind seid war waren gewesen wird werden wurde habe hast hat haben hatte kann kannst "
        "konnen konnte muss mussen soll sollte will wollen mochte darf machen macht gemacht geht "
        "gehen gibt geben sagt sagen sehen weiss wissen glaube finde mit ohne fur von vom bei beim "
        "nach aus auf an am im ins in um uber unter vor hinter zwischen durch gegen seit bis hallo "
        "danke bitte ja nein gut gute guten tag nacht abend schlecht besser mensch menschen leute "
        "mann frau kind kinder leben welt zeit jahr jahre haus arbeit geld freund freunde familie "
        "doch mal halt eben ganz genau vielleicht naturlich eigentlich leider scheisse dieser "
        "diese "
        "dieses man deshalb trotzdem damit dafur",
        "ung ungen keit heit lich liche lichen isch ische ischen schaft ieren iert igen "
        "icht aft"},
    WordList{
        // Dutch
        "de het een en of maar want dat die deze dit wat wie waar wanneer waarom hoe niet geen "
        "niets "
        "nooit altijd ook nog al wel zo te heel erg veel weinig meer meest alle alles iets iemand "
        "ik "
        "jij je hij zij ze wij we jullie mij jou hem haar ons hun mijn jouw zijn onze ben bent is "
        "was waren geweest word wordt worden heb hebt heeft hebben had kan kunnen moet moeten wil "
        "willen mag ga gaat gaan doe doet doen zeg zegt zeggen zie weet weten denk vind van voor "
        "met "
        "zonder op in aan bij naar uit om over onder tussen door tegen sinds tot hallo dank "
        "bedankt "
        "alsjeblieft ja nee goed slecht beter mens mensen man vrouw kind kinderen leven wereld "
        "tijd "
        "dag jaar huis werk geld vriend vrienden nu vandaag morgen gisteren hier daar dan toch "
        "even "
        "gewoon eigenlijk misschien echt omdat als ook wordt worden tijdens zoals volgende andere "
        "ander deze beide",
        "ijk ijke heid tje tjes ingen iging aar eren sch"},
    WordList{
        // Indonesian and Malay
        "yang dan di ke dari ini itu untuk dengan tidak tak bukan ada adalah akan sudah belum "
        "telah "
        "sedang bisa dapat boleh harus mau ingin saya aku kamu anda dia kami kita mereka ku mu nya "
        "apa siapa mana kapan kenapa mengapa bagaimana gimana berapa juga hanya saja lagi masih "
        "sangat sekali banyak sedikit semua setiap lebih paling kalau jika karena tetapi tapi atau "
        "serta agar supaya seperti oleh pada dalam luar atas bawah antara sampai orang anak ibu "
        "bapak teman rumah kerja uang hari malam pagi siang tahun waktu hidup dunia negara baik "
        "buruk baru lama besar kecil terima kasih selamat halo tolong maaf ya iya gak nggak enggak "
        "ga udah aja sih dong deh banget kok lah kan lu gue gua wkwk wkwkwk makan minum pergi "
        "datang "
        "tahu suka cinta benar salah sama seorang sebuah tentang awak nak tau macam sahaja bagi "
        "sebelum sesudah setelah tiada guna gunakan menggunakan nama jauh buat antara sebagai "
        "beberapa lain tanpa maka apabila sila perlu",
        "nya kan lah kah annya"},
    WordList{
        // Vietnamese, also as typed without tones
        "va cua la co khong duoc cho nhung mot cac nguoi nay do khi nhu voi thi ma da dang se cung "
        "rat nhieu it hon nhat toi ban anh em chi ong ba chung ta minh no ai gi dau sao nao "
        "tai vi neu nen phai muon biet di den ve ra vao len xuong trong ngoai tren duoi truoc sau "
        "giua bang qua lai roi chua van con chi deu moi tat ca dieu viec ngay nam thang gio hom "
        "nay "
        "mai qua nha cong tien gia dinh con cai ban be cam on xin chao tam biet vang da u khoe tot "
        "xau dep hay vui buon yeu thuong thich ghet an uong ngu lam hoc noi nghe nhin thay viet "
        "nam "
        "tieng nuoc duong troi dat oi nhe ah vay hieu giup loi",
        "uong ieng uoc iem ngh"},
    WordList{
        // Tagalog
        "ang ng mga sa na ay at ko mo siya ako ikaw kayo kami tayo sila nila natin namin niya ito "
        "iyan iyon hindi wala mayroon po opo oo kasi pero kung para din rin lang naman nga ba "
        "yung ano sino saan kailan bakit paano gusto mahal maganda salamat kumusta magandang araw "
        "gabi umaga tao bata bahay pera trabaho buhay kaya dito doon talaga",
        ""},
    WordList{
        // Hindi and Urdu in Latin letters
        "hai hain ho hoon hun tha thi nahi nahin nai mat kya kyun kyu kaise kaisa kahan kab kaun "
        "koi "
        "kuch bahut bohot acha accha achha theek thik mera meri mere tera teri tere uska uski "
        "hamara "
        "tum tumhara aap aapka mujhe tujhe isko usko ka ki ke ko se mein par aur lekin magar "
        "agar toh bhi abhi kal aaj yeh woh wo ye kar karo karna karta raha rahe rahi gaya gayi jao "
        "bhai yaar beta baat ghar paisa pyar zindagi dost namaste shukriya dhanyavad",
        ""},
    WordList{
        // Turkish
        "bir ve bu da de icin cok ne var yok ama ben sen biz siz onlar beni seni bana sana degil "
        "mi "
        "mu evet hayir nasil neden nerede kim kadar gibi daha en her sey iyi kotu guzel olan oldu "
        "olarak ile ya ki sonra once simdi bugun yarin dun zaman gun yil insan insanlar kadin adam "
        "cocuk ev para is hayat dunya merhaba tesekkurler tesekkur ederim lutfen tamam seviyorum "
        "istiyorum yapmak etmek olmak",
        "lari leri iyor uyor yorum misin miyor acak ecek"},
    WordList{
        // Polish and Czech
        "i w z na nie sie jest ze co jak ale czy tak za po od dla przez tylko juz jeszcze "
        "bardzo moze mam masz ma jestem jestes sa byl byla bylo bylem mnie mi ci cie jej ich "
        "moj "
        "moja ty wy oni ona ono ten ta te kto gdzie kiedy dlaczego dlatego kiedy zawsze nigdy "
        "dzien dobry dobrze czesc dziekuje prosze przepraszam czlowiek ludzie kobieta dziecko dom "
        "praca zycie swiat czas rok kurwa chce moge wiem mysle lubie a jsem jsi je jsou byl byla "
        "ne "
        "ano ale jako kdyz protoze proc kde kdo uz jeste velmi dobre dekuji prosim ahoj muzu chci "
        "vim clovek lide den zivot",
        "owac enie anie osc sci ych ego emu"},
    WordList{
        // Swedish, Norwegian and Danish
        "och att det en ett jag du han hon vi ni de dem den som inte med pa av till fran om "
        ""
        "eller nar var vad hur varfor vem kan ska vill har hade ar var blir bli mycket bra nu har "
        "dar sa alla allt inget ingen nagon nagot min mitt din ditt sin hans hennes tack hej och "
        "jeg "
        "deg meg ikke og er et til fra eller nar hvor hva hvad hvorfor hvem skal vil blive "
        "blir "
        "meget mye godt noget noen alle alt min mit din takk tak hei ogsa fordi hvis efter etter "
        "mellom over mig dig sig os oss dere deres kanskje maske manniska manniskor folk ved uten "
        "uden utan kunne kunde skulle ingen bruk bruger bruke anvand denne dette disse denna detta "
        "dessa andre andra mellem igen sadan sedan genom gjennom gennem forst hvordan hvorfra",
        "ningen heten erne arna orna"},
    WordList{
        // Romanian
        "si in la de pe cu nu un o este sunt e ca ce care sa se din pentru mai dar sau daca cand "
        "unde "
        "cum cine tot toate toti foarte bine rau eu tu el ea noi voi ei ele mi ti ne va mie tie "
        "imi "
        "iti isi meu mea mei tau ta sau lui am ai are avem aveti au fost era fi fac face poate pot "
        "vreau stiu cred multumesc buna salut te rog da oameni om femeie copil casa viata lume "
        "timp "
        "zi an ani acum azi maine ieri aici acolo asta acest aceasta nimic ceva prea",
        "ului elor area tiei eaza esti"},
    WordList{
        // Finnish, Estonian and Hungarian
        "ja on ei se etta han mina sina te ovat oli ole olen olet mutta tai jos kun niin "
        "kuin "
        "mita miksi missa kuka miten hyva huono paljon kiitos moi hei tama tuo joka kaikki mitaan "
        "vain myos nyt sitten viela aina koskaan ihminen az egy es nem hogy van volt vagyok vagy "
        "de "
        "ha mert mi ez azt ezt meg csak mar nagyon jo rossz koszonom szia igen kell lehet ember "
        "mit miert hol ki ovat saa kuten joka jotka ilman myos kanssa ennen jalkeen talla",
        "ssa lta ksi tta nak nek"},
};

}  // namespace

std::span<const WordList> LatinWordLists() { return kLists; }

}  // namespace mores::text
