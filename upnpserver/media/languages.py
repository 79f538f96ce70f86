"""Language codes as files write them -> BCP 47 in lower case.

Containers write ISO 639-2 ("ger" or "deu" for German); BCP 47 takes the code
of two letters where there is one ("de").

Source: ISO 639-1 and 639-2 code tables; RFC 5646 section 2.2.1.
"""

import re
from typing import Final

# The bibliographic code goes first where there are two.
_CODES: Final = (
    "aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym"
    " az:aze ba:bak be:bel bg:bul bh:bih bi:bis bm:bam bn:ben bo:tib,bod br:bre"
    " bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:cze,ces cu:chu cv:chv"
    " cy:wel,cym da:dan de:ger,deu dv:div dz:dzo ee:ewe el:gre,ell en:eng eo:epo"
    " es:spa et:est eu:baq,eus fa:per,fas ff:ful fi:fin fj:fij fo:fao fr:fre,fra"
    " fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin"
    " ho:hmo hr:hrv,scr ht:hat hu:hun hy:arm,hye hz:her ia:ina id:ind ie:ile"
    " ig:ibo ii:iii ik:ipk io:ido is:ice,isl it:ita iu:iku ja:jpn jv:jav"
    " ka:geo,kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau"
    " ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin"
    " lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mao,mri mk:mac,mkd ml:mal"
    " mn:mon mr:mar ms:may,msa mt:mlt my:bur,mya na:nau nb:nob nd:nde ne:nep"
    " ng:ndo nl:dut,nld nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm"
    " or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run"
    " ro:rum,ron ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin"
    " sk:slo,slk sl:slv sm:smo sn:sna so:som sq:alb,sqi sr:srp,scc ss:ssw st:sot"
    " su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl"
    " tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd"
    " uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha"
    " zh:chi,zho zu:zul"
)
_SHORT: Final = {
    long: short
    for short, _, longs in (entry.partition(":") for entry in _CODES.split())
    for long in longs.split(",")
}
# Undetermined, no linguistic content, not coded, several; and DVB's "original".
_NOT_TOLD: Final = {"und", "zxx", "mis", "mul", "qaa"}
_TAG: Final = re.compile(r"([a-z]{2,3})((?:-[a-z0-9]{2,8}){0,3})", re.ASCII)


def language_tag(code: str) -> str:
    """Return "pt-br" for "pt-BR", "por-BR" or "pt_BR", "" for what is no code."""
    found = _TAG.fullmatch(code.strip().lower().replace("_", "-"))
    if found is None or found[1] in _NOT_TOLD:
        return ""
    return _SHORT.get(found[1], found[1]) + found[2]
