"""The words of shops: those that say nothing about a thing, and those that mean the same in three languages.

Written in the spelling of `spelling.plain`. The lists are small on purpose: they hold what nearly every shop's
customers write; the rest is the work of embeddings, where they are switched on.
"""

# Greetings, politeness, grammar, and the asking itself: "how much is this one?" names nothing to look for.
SILENT = frozenset(
    # Persian
    "سلام درود خسته نباشید نباشین لطفا ممنون مرسی عزیزم عزیز جان جون خوبی خوبین خوبید ببخشید وقت بخیر صبح"
    " عصر شب روزتون این اون آن ان همین همون یه یک تا از به با در را رو و یا که هم هر چی چیه چه چند چنده"
    " چقدر چقدره چقد چقده قدر کدوم کدام کجا کی آیا ایا برا برای واسه بی تو من ما شما شماها خودتون خودم اگه"
    " اگر ولی اما دیگه دیگ فقط خیلی الان هست هستش هستن هستین هستید است نیست بود باشه باشد میشه میشود شه شد"
    " شده کنم کنید کنین کرد کردم کرده میکنم میکنید میکنین می نمی میخوام میخام میخواستم میخاستم خواستم خوام"
    " خاستم خواهم دارین دارید داری دارم داره دارد ندارین ندارید نداره دارن بدید بدین بده بگید بگین بگو"
    " میگین ها های هایی ی ای ام ات اش تون مون شون تان مان شان ش ست عه ه تر ترین سانت سانته سانتیمتر عدد تا"
    " قیمت قیمتش قیمتشون قیمتا قیمتها چیزی چیز مدل مدلش راجع درمورد مورد درباره بابت"
    # Arabic
    " السلام علیکم مرحبا اهلا شکرا لو سمحت سمحتم سمحتی من فی علی الی عن مع هل ما ماذا کم بکم هذا هذه هذي"
    " هاي ذلک تلک التی الذی هو هی انا انت انتم عندکم عندک عندی لدیکم لدی ممکن ارید ابغی ابغا بدی عایز"
    " عایزه شو ایش وش لی لکم یوجد فیه او ان اذا السعر سعر سعره سعرها ثمن ثمنه یا بس شنو اکو"
    # English
    " a an the is are am was be been it its this that these those i im ive id you your u ur we us me my do"
    " does did have has had got get of for to in on at by with and or if so but not no any some can could"
    " would will should may how much many what which who when there here hi hello hey please pls plz"
    " thanks thank thx dear price prices cost costs want need looking like one ones s t m re ve d ll about"
    " from as"
    # Persian in Latin letters
    " salam slm chand chande chanda chandeh gheymat gheymatesh gheimat ghymat qeymat qeimat darin darid"
    " dari dare daran hast hastesh mikham mikhastam mikham mikhaam baraye bara az ba va ro in un oon ye"
    " yek ke ham che chi chie koja aya lotfan mersi merci mamnon mamnoon khoobin shoma ma az be ta chetori"
    " chetor mishe".split()
)  # fmt: skip

# Groups of words for one thing. Each holds the spellings of three languages, and the everyday word beside the shop's.
THINGS = (
    # garments
    "مانتو manto mantou manteau",
    "پیراهن لباس dress فستان فساتین lebas pirahan pirhan",
    "شلوار pants trousers بنطلون بنطال سروال shalvar",
    "جین jeans jean جینز دنیم denim",
    "کفش shoe shoes حذاء احذیه kafsh",
    "کتونی کتانی اسپرت sneaker sneakers trainers katooni katuni",
    "بوت چکمه boot boots بوتین نیمبوت",
    "صندل sandal sandals دمپایی slipper slippers شبشب",
    "کیف bag bags handbag شنطه حقیبه حقایب kif",
    "کوله کولهپشتی backpack rucksack",
    "شال روسری مقنعه scarf scarves hijab حجاب طرحه شال shal roosari rusari",
    "عبا عبایه abaya عبایات چادر",
    "کت coat jacket کاپشن پالتو معطف جاکیت جاکت palto kapshan",
    "بافت پلیور ژاکت sweater knit knitwear jumper cardigan بلوفر کنزه کاردیگان",
    "بلوز شومیز blouse shirt top قمیص بلوزه bluz shomiz",
    "تیشرت تشرت tshirt tee",
    "دامن skirt تنوره daman",
    "هودی سویشرت hoodie sweatshirt هودي",
    "لگ لگینگ leggings legging ساپورت",
    "ست set طقم کوردینات",
    "جوراب sock socks جوارب جورب joorab",
    "کمربند belt حزام kamarband",
    "کلاه hat cap قبعه kolah",
    "دستکش glove gloves قفاز",
    "عینک sunglasses glasses نظاره نظارات eynak",
    # jewellery and cosmetics
    "گردنبند necklace pendant قلاده عقد سلسال gardanband",
    "انگشتر حلقه ring rings خاتم angoshtar",
    "گوشواره earring earrings حلق اقراط gushvare",
    "دستبند bracelet اسواره سوار dastband",
    "ساعت watch ساعه",
    "عطر ادکلن perfume fragrance cologne atr",
    "کرم cream کریم",
    "رژ رژلب lipstick روج",
    "شامپو shampoo شامبو",
    # house
    "ماگ لیوان mug cup کوب فنجان",
    "شمع candle شمعه شموع",
    "پتو blanket بطانیه",
    "کوسن بالش cushion pillow مخده وساده",
    "فرش قالیچه rug carpet سجاده سجاد",
    "بشقاب plate طبق",
    "کاسه bowl",
    # materials
    "پنبه نخ نخی cotton قطن کتن",
    "کتان لینن linen کتانی",
    "ابریشم silk حریر",
    "پشم wool صوف",
    "چرم leather جلد charm",
    "مخمل velvet",
    "جیر suede شاموا",
    "نقره silver فضه فضیه noghre",
    "طلا gold golden ذهب ذهبی ذهبیه tala",
    "استیل steel ستیل",
    "ساتن satin ستان",
    "شیفون حریر chiffon",
    # colours
    "مشکی سیاه black اسود سوداء meshki siah",
    "سفید white ابیض بیضاء sefid",
    "قرمز red احمر حمراء ghermez",
    "زرشکی burgundy maroon عنابی",
    "ابی blue ازرق زرقاء abi",
    "سرمه navy کحلی سورمه",
    "سبز green اخضر خضراء sabz",
    "زرد yellow اصفر صفراء",
    "صورتی pink وردی زهری soorati",
    "بنفش purple بنفسجی یاسی",
    "کرمی کرم بژ beige بیج",
    "طوسی خاکستری grey gray رمادی toosi tusi",
    "قهوه brown بنی",
    "نارنجی orange برتقالی",
)
KINDS = (
    # whom for
    "زنانه women womens woman ladies نسایی نسایه نساء حریمی zanane",
    "مردانه men mens man رجالی رجال mardane",
    "بچه بچگانه کودک نوزاد نوزادی kids kid children baby child اطفال طفل ولادی bachegane",
    "مجلسی مهمانی عروسی party evening formal wedding سهره سهرات مناسبات majlesi",
    "اداره رسمی office work عمل",
    "تابستان تابستونه summer صیف صیفی",
    "زمستان زمستونه winter شتاء شتوی",
    "هدیه کادو gift present هدایا",
)
SERVICE = (
    "ارسال پست میفرستین میفرستید بفرستین فرستادن میفرستی shipping ship shipped delivery deliver send sending شحن"
    " توصیل ترسلون ersal mifrestin mifrestid پیک تیپاکس courier",
    "هزینه کرایه fee fees charge رسوم تکلفه اجره hazine",
    "رایگان مجانی مفت free مجان مجانا مجانی",
    "مرجوع مرجوعی پس عودت برگشت برگردونم برگردون return returns returning ارجاع استرجاع ارجع marjoo marjui",
    "تعویض عوض exchange swap تبدیل استبدال ابدل taviz",
    "پول وجه refund money مبلغ",
    "سایز سایزبندی اندازه size sizes sizing مقاس مقاسات قیاس saiz",
    "رنگ رنگبندی colour color colours colors لون الوان rang",
    "ادرس نشانی کجایین کجاست address located location عنوان وین موقع adres",
    "حضوری مغازه شعبه فروشگاه store shop branch visit فرع محل متجر hozoori",
    "تلفن شماره تماس phone number call هاتف رقم telefon",
    "کار بازین باز تعطیل hours open opening close closed دوام مفتوح تفتحون",
    "پرداخت واریز کارت pay paying payment card دفع ادفع الدفع بطاقه pardakht",
    "قسط اقساط قسطی اقساطی installments instalments installment تقسیط اقساط ghesti",
    "تخفیف حراج آف اف discount sale offer coupon خصم تخفیضات عرض کوپن takhfif",
    "گارانتی ضمانت warranty guarantee ضمان کفاله garanti",
    "اصل اورجینال original authentic genuine اصلی اصلیه",
    "شستن بشورم شستشو بشوریم شست میشوره لباسشویی ماشین wash washing washed machine غسل اغسل الغساله",
    "نگهداری مراقبت care عنایه",
    "موجود موجودی موجوده تموم شارژ stock available availability restock متوفر متوفره متوافر mojood mojud",
    "عمده همکاری wholesale bulk جمله بالجمله omde",
    "پیگیری رهگیری مرسوله tracking track تتبع رهگیری",
    "سفارش order orders ordering طلب طلبیه اطلب sefaresh",
    "لغو کنسل cancel cancellation الغاء",
    "روز زمان مدت long days time یوم ایام مده وقت",
    "پیشتاز express سریع فوری urgent سریع",
    "دوخت شخصی خیاطی custom tailor tailoring تفصیل خیاطه",
    "قد بلندی length طول",
    "وزن weight وزن سنگین",
    "خراب شکسته پاره معیوب اسیب broken damaged torn faulty defective تالف تالفه مکسور مکسوره معطوب kharab shekaste",
    "اشتباه اشتباهی غلط wrong incorrect خاطی غلط eshtebah",
    "خبر اطلاع notify alert alerts اشعار khabar",
    "گمرک customs duties duty جمارک جمرک ضرایب",
    "حک نوشتن engrave engraving engraved نقش hak",
    "بستهبندی کادویی wrap wrapping wrapped packing تغلیف کادوپیچ",
    "جدول راهنما راهنمای guide chart measurements دلیل جدول rahnama jadval",
    "خارج خارجه abroad overseas international خارج kharej",
    "فاکتور invoice receipt فاتوره",
    "حساسیت حساس ضدحساسیت allergy allergic hypoallergenic sensitive حساسیه",
)
SAME = (*THINGS, *KINDS, *SERVICE)
