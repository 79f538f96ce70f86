"""Which letters languages use, for charset.py.

Alphabets hold small letters beyond ASCII. The lists of usual characters are
those that titles and names have most.
"""

from typing import Final

# One alphabet for each language, with the letters of its usual foreign words.
WESTERN: Final = tuple(
    map(
        frozenset,
        (
            "äöüßéàèêçáóñ",  # German, Luxembourgish
            "àâæçéèêëîïôœùûüÿ",  # French
            "áéíóúüñçï",  # Spanish, Galician, Asturian
            "áâãàçéêíóôõúü",  # Portuguese
            "àèéìòùúíîâ",  # Italian, with its dialects
            "àèéíïòóúüç",  # Catalan, Occitan
            "éèêëïöüóáíç",  # Dutch, Frisian, Afrikaans
            "æøåéèêàóòôüöä",  # Danish, Norwegian
            "åäöéàüáè",  # Swedish
            "åäöõüšžé",  # Finnish, Estonian
            "áæéíóöúýþð",  # Icelandic
            "áíóúýæøð",  # Faroese
            "áéíóú",  # Irish
            "àèìòùéó",  # Gaelic
            "âêîôûïëöä",  # Welsh
            "çëéè",  # Albanian
            "äëïöüÿ",  # ornament: Motörhead, Queensrÿche
            "áâäçéëíîóôöúüýšžß",  # what Central European charsets have at that place
            "œßªº",
            "µ",  # µ-Ziq
        ),
    )
)
CENTRAL_EUROPEAN: Final = tuple(
    map(
        frozenset,
        (
            "áčďéěíňóřšťúůýžöüä",  # Czech
            "áäčďéíĺľňóôŕšťúýžöüě",  # Slovak
            "ąćęłńóśźżéöüä",  # Polish
            "áéíóöőúüű",  # Hungarian
            "čćđšžéöü",  # Croatian, Bosnian, Slovene, Serbian in Latin letters
            "ăâîşţéèö",  # Romanian
        ),
    )
)
_CYRILLIC_USUAL: Final = "оеаинтсрвлкмдпуяыьгзбй"
CYRILLIC: Final = (
    frozenset(_CYRILLIC_USUAL),
    frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђјљњћџ"),
)
GREEK: Final = (
    frozenset("αοιετσνηυρπκμλςάίόέήύώωγδθ"),
    frozenset("αβγδεζηθικλμνξοπρστυφχψωάέήίόύώϊϋΐΰς"),
)
HEBREW: Final = (
    frozenset("ילמאבהושתרנעחפ"),
    frozenset("אבגדהוזחטיךכלםמןנסעףפץצקרשת"),
)
JAPANESE: Final = frozenset(
    "愛人恋心夢空花君僕私日本夜月星雨風雪海春夏秋冬歌声涙光影朝道駅街世界時間東京大小中"
    "山川田木村子美優香奈理恵郎太一二三四五六七八九十年女男恋笑泣行来見言思出会生死上下"
    "前後今何手目耳口青赤白黒色音楽曲集主題祭桜旅路天地火水金土電車車鳥猫犬魚林森島高"
)
SIMPLIFIED: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着"
    "下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好"
    "小部其些主样理心她本前开但因只从想实日爱情歌夜风雨花月星海梦泪泣笑春夏秋冬雪红蓝白"
    "黑青绿水火山河江湖树叶鸟飞云空阳光影声音乐曲唱恋吻手眼睛脸头发身体真假老少男女孩朋"
    "友父母妈爸儿王张李刘陈杨黄周吴林孙马朱胡郭何高罗郑梁谢宋唐许邓韩冯曹曾彭萧田董袁"
    "潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦方白邹孟熊秦邱忘记离别再"
    "见故事世界城市路口千万年里谁什么知道给让把被最美丽快乐寂寞孤单永远今明昨晚早安静"
    "走跑回等伤痛哭醉酒香火车北京上海香港台湾专辑精选经典流行新东西南北电影主题伦杰菲"
)
TRADITIONAL: Final = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著"
    "下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好"
    "小部其些主樣理心她本前開但因只從想實日愛情歌夜風雨花月星海夢淚泣笑春夏秋冬雪紅藍白"
    "黑青綠水火山河江湖樹葉鳥飛雲空陽光影聲音樂曲唱戀吻手眼睛臉頭髮身體真假老少男女孩朋"
    "友父母媽爸兒王張李劉陳楊黃周吳林孫馬朱胡郭何高羅鄭梁謝宋唐許鄧韓馮曹曾彭蕭田董袁"
    "潘于蔣蔡余杜葉程蘇魏呂丁任沈姚盧姜崔鍾譚陸汪范金石廖賈夏韋方白鄒孟熊秦邱忘記離別再"
    "見故事世界城市路口千萬年里誰什麼知道給讓把被最美麗快樂寂寞孤單永遠今明昨晚早安靜"
    "走跑回等傷痛哭醉酒香火車北京上海香港台灣專輯精選經典流行新東西南北電影主題倫傑菲"
)
HANGUL: Final = frozenset(
    "이다는의에을를가고하지도로은한사랑나너내네그대우리당신마음눈물비바람꽃별달밤하늘시간"
    "기억추억이별안녕오늘내일어제아침노래여자남친구엄마아빠소녀대시인생길거집문꿈빛날"
    "해서자정김박최조강윤장임신유황안송전홍수진영현미민성준지은정희연주동원선경상혜재태"
    "보고싶어요야만과와있없말것못들게면더까같처럼죽살세상위로된인스트라드무제일번째"
    "행복슬픔그리움거짓말왜니던려했았었겠습니까러운운명모든함께아니라구두개봄여름가을겨울"
)
