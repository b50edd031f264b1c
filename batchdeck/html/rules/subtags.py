"""The codes a language tag is made of: ISO 639 languages, ISO 3166 regions, ISO 15924 scripts. Data only.

Each word is a head, a dash, and the letters that complete it to one code each: ``d-ae`` is da and de.
"""

from __future__ import annotations

_LANGUAGES_2 = """\
a-abefkmnrsvyz b-aeghimnors c-aehorsuvy d-aevz e-elnostu f-afijory g-adlnuv h-aeiortuyz i-adegiknostuw
j-aivw k-agijklmnorsuvwy l-abginotuv m-ghiklnorsty n-abdeglnorvy o-cjmrs p-ailst q-u r-mnouw
s-acdeghiklmnoqrstuvw t-aeghiklnorstwy u-gkrz v-eio w-ao x-h y-io z-ahu"""
"""Two-letter codes of ISO 639-1, those withdrawn but still in use included."""

_LANGUAGES_3 = """\
aa-abcdefghiklnopqstuvwxz ab-abcdefghijlmnopqrstuvwxyz ac-abdefhiklmnpqrstuvwxyz ad-abdefghijlnoqrstuwxyz
ae-abcdeklmnqrsuwyz af-abdeghiknopstuz ag-abcdefghijklmnoqrstuvwxyz ah-abghiklmnoprst
ai-abcdefghijklmnopqrtwxy aj-aginpsuwz ak-bcdefghijklmopqrstuvwxyz al-acdefghijklmnopqrstuvwxyz
am-abcefgijklmnopqrstuvwxyz an-abcdefghijklmnopqrstuvwxyz ao-abcdefgijklmnrstuxz
ap-abcdefghijklmnopqrstuvwxyz aq-acdgklmnprtz ar-bcdehijklnopqrstuvwxyz as-abcefghijklnopqrstuvwxyz
at-abcdeghijklmnopqrstuvwxyz au-abcdfghijklmnopqrstuwxyz av-bdiklmnostuv aw-abcdeghikmnorstuvwxy
ax-begklmx ay-abcdeghiklnopqrstuz az-abcdgjmnotz ba-abcdefghijlnoprstuvwxy bb-abcdefghijklmnopqrstuvwxy
bc-abcdefghijklmnopqrstuvwyz bd-abcdefghijklmnopqrstuvwxyz be-abcdefghijkmopqrstuvwxyz
bf-abcdefghijklmnopqrstuwxyz bg-abcdefgijklnopqrstuvwxyz bh-abcdefghijlmnopqrstuvwxyz
bi-abdefghklmnopqrtuvwxyz bj-abcefghijklmnoprstuvwxyz bk-acdfghijklmnopqrstuvwxyz
bl-abcdefhijklmnopqrstvwxyz bm-abcdefghijklmnopqrstuvwxz bn-abcdefgijklmnopqrstuvwxyz
bo-abefghijklmnopqrtuvwxyz bp-acdeghijklmnopqrstuvwxyz bq-abcdfghijklmnopqrstuvwxyz
br-abcdfghijklmnopqrstuvwxyz bs-abcefghijklmnopqrstuvwxy bt-acdefghijkmnopqrstuvwxyz
bu-abcdefghijkmnopqstuvwxyz bv-abcdefghijklmnopqrtuvwxyz bw-abcdefghijklmnopqrstuwxyz
bx-abcdefghijklmnopqrsuvwz by-abcdefghijklmnopqrstvwxz bz-abcdefghijklmnopqrstuvwxyz
ca-abcdefghijklmnopqrsuvwxyz cb-abcdgijklnoqrstuvwy cc-cdeghjlmnoprs cd-acdefhijmnorsyz ce-abgklnty
cf-adgm cg-acgk ch-bcdfghjklmnopqrtwxyz ci-abcdehkmnprwy cj-aehikmnopsvy ck-bhlmnoqrstuvxyz
cl-acdehijklmotuwy cm-acegilmnorst cn-abcghiklopqrstuwx co-abcdefghjklmnopqtuvwxz cp-abcefginopsuxy cq-d
cr-abcdfghijklmnopqrstvwxyz cs-abcdefghijklmnopqrstuvwxyz ct-acdeghlmnopstuyz cu-abchijklopqrstuvwxy
cv-gn cw-abdegt cy-abo cz-hknot da-acdeghijklmoqrsuvwxyz db-abdefgijlmnopqrtuvwy dc-cr dd-adegijnorsw
de-cdefghiklmnpqrsvz dg-abcdeghiklnorstwxz dh-dgilmnorsuvwx di-abcdfghijklmnopqrsuwxyz dj-abcdefijkmnoruw
dk-agkrsx dl-gkmn dm-abcdefgklmnorsuvwxy dn-adegijknortuvwy do-abcefhiklnopqrstvwxyz dp-p
dr-abcdegilnoqstuy ds-behilnoqz dt-abdhikmnoprstuy du-abcefghiklmnopqrsuvwxyz dv-a dw-akrsuwyz
dy-abdgimnouy dz-aegln ea-a eb-cgkoru ec-rsy ee-e ef-aei eg-almoxy eh-su ei-ptv ej-a ek-aegiklmopry
el-ehikmoux em-abegikmnpqsuwxyz en-abcdfhlmnoqruvwx eo-t ep-i er-aghikorstw es-eghiklmnoqsuxy
et-bchnorstuxz eu-q ev-ehn ew-o ex-t ey-ao ez-ae fa-abdfghijklmnprtuxyz fb-l fc-s fe-r ff-im fg-r
fi-aeflprtuw fk-kv fl-ahilnry fm-pu fn-bgi fo-dimnrsx fp-e fq-s fr-cdkmopqrst fs-els fu-bcdefhijmnqrtuvy
fv-r fw-ae ga-abcdefghijklmnopqrstuwxyz gb-abdefghijklmnopqrsuvwxyz gc-cdeflnrt gd-abcdefghijklmnoqrstux
ge-abcdfghijklmqsvwxyz gf-kt gg-abdegkltuw gh-acehklnorst gi-abcdeghilmnpqrstuwxyz gj-kmnru gk-adenopu
gl-bcdhjkloruwy gm-abdeghlmnqruvwxyz gn-abcdeghijklmnoqrtuwz go-abcdefghijklmnopqrstuvwxyz gp-aen
gq-ainru gr-abcdghijkmoqrstuvwxyz gs-eglmnopsw gt-au gu-abcdefghiklmnopqrstuwxz gv-acefjlmnoprsy
gw-abcdefgijmnrtuwx gx-x gy-abdefgilmnoryz gz-ain ha-abcdefghijklmnopqrsvwxyz hb-abnou hc-ah hd-nsy
he-adghim hg-mw hh-iry hi-abdfghijklortwx hj-i hk-aehkns hl-abdetu hm-abcdefghijklmnpqrstuvwxyz
hn-adeghijnosu ho-abcdehijklmoprstvwyz hp-os hr-acekmoptuwxz hs-bhlns ht-iosux
hu-bcdefghijklmopqrstuvwxyz hv-ceknv hw-aco hy-awx ia-inr ib-abdeghlmnruy ic-ahlr id-abcdeirstu
if-abefkmuy ig-beglmnosw ih-bipw ii-nr ij-cejnos ik-eikloprstvwxz il-abgikmopsuv im-ailnorsty
in-bceghjlmnopstz io-ruw ip-io iq-uw ir-aehiknoruxy is-acdeghikmnortu it-bcdeiklmorstvwxyz iu-m iv-bv
iw-kmos ix-cl iy-aox iz-hrz ja-abcdefhjklmnoqstuxyz jb-eijkmnortuw jc-st jd-agt je-behiklnrtu jg-beko
jh-is ji-abcdeghilmoqtuvy jj-er jk-amoprsu jl-es jm-abcdilnrswx jn-adgijls jo-bdgrsw jp-arx jq-r jr-abrtu
js-l ju-abcdhiklmnoprstuwy jv-dn jw-i jy-aey ka-abcdefghijkmopqrvwxy kb-abcdeghijklmnopqrstuvwxyz
kc-abcdefghijklmnopqrstuvwxyz kd-acdefghijklmnopqrtuwxyz ke-abcdefghijklmnopqrstuvwxyz
kf-abcdefghijklmnopqrstuvwxyz kg-abefgijklmnopqrstuvwxy kh-abcdefghijklnopqrstuvwxyz
ki-abcdefghijlmopqstuvwxyz kj-abcdeghijklmnopqrstuvxyz kk-abcdefghijklmnopqrstuvwxyz
kl-abcdefghijklmnopqrstuvwxyz km-abcdefghijklmnopqrstuvwxyz kn-abcdefgijklmnopqrstuvwxyz
ko-acdefghiklopqstuvwyz kp-abcdefghijklmnoqrstuvwxyz kq-abcdefghijklmnopqrstuvwxyz
kr-abcdefhijklnoprstuvwxyz ks-abcdefghijklmnopqrstuvwxyz kt-abcdefghijklmnopqstuvwxyz
ku-bcdefghijklmnopqstuvwxyz kv-abcdefghijklmnopqrtuvwxyz kw-abcdefghijklmnoprstuvwxyz
kx-abcdfhijkmnopqrstvwxyz ky-abcdefghijklmnopqrstuvwxyz kz-abcdefgiklmnopqrsuvwxyz
la-abcdefghijlmnpqrsuwxyz lb-bcefgijklmnoqrstuvwxyz lc-cdefhlmpqs ld-abdghijklmnopq
le-abcdefhijklmnopqrstuvwxyz lf-an lg-abghiklmnoqrtuz lh-ahilmnpstu li-abcdefghjklopqrsuvwxyz lj-aeilpwx
lk-abcdehijlmnorstuy ll-abcdefghijklmnpqsux lm-abcdefghijklnopqruvwxy ln-abdghijlmnsuwz
lo-abcefghijklmnopqrstuvwxyz lp-aenox lq-r lr-acegiklmnortvz ls-abcdehilmnoprstvwy lt-cghinosu
lu-acdefijklmnopqrstuvwyz lv-aiksu lw-aeghlmostuw lx-m ly-agn lz-hlnz ma-abdefgijkmnpqstuvwxz
mb-abcdefhijklmnopqrstuvwxyz mc-abcdefghijklmnopqrstuvwxyz md-abcdefghijklmnpqrstuvwxyz
me-abcdefhijklmnopqrstuvwyz mf-abcdefghijklmnopqrstuvwxyz mg-abcdefghijklmnopqrstuvwyz
mh-abcdefgijklmnopqrstuwxyz mi-abcdefghijklmnopqrstuwxyz mj-bcdeghijklmnopqrstuvwxyz
mk-abcefghijklmnopqrstuvwxyz ml-abcefhijklmnopqrsuvwxz mm-abcdefghijklmnopqrtuvwxyz
mn-abcdefghijklmnopqrsuvwxyz mo-acdeghijkmopqrstuvwxyz mp-abcdeghijklmnopqrstuvwxyz
mq-abcefghijklmnopqrstuvwxyz mr-abcdefghjklmnopqrstuvwxyz ms-bcdefghijklmnopqrsuvwxyz
mt-abcdefghijklmnopqrstuvwxy mu-abcdeghijklmnopqrstuvxyz mv-abdefghiklnopqrstuvwxyz
mw-abcefghiklmnopqrstuvwz mx-abcdefghijklmnopqrstuvwxyz my-bcefghjklmnoprsuvwxyz
mz-abcdeghijklmnopqrstuvwxyz na-abcefghijklmnopqrstwxyz nb-abcdeghijkmnopqrstuvwy
nc-abcdefghijklmnoqrstuxz nd-abcdfghijklmnpqrstuvwxyz ne-abcdefghijkmnoqrstuvwxyz nf-adlru
ng-abcdefghijklmnpqrstuvwxyz nh-abcdefghikmnopqrtuvwxyz ni-abcdefghijklmnoqrstuvwxyz nj-abdhijlmnorstuxyz
nk-abcdefghijkmnopqrstuvwxz nl-acegijklmoquvwxyz nm-abcdefghijklmnopqrstuvwxyz nn-abcdefghijklmnpqrtuvwyz
no-acdefghijklmnpqstuvwyz np-abghilnosuxy nq-gklmnoqty nr-abcefgiklmnprtuxz ns-abcdefghiklmnopqrstuvwxyz
nt-degijkmopruwxyz nu-abcdefghijklmnopqrstuvwxyz nv-hmo nw-abcegimorwxy nx-adegiklmnoqrx
ny-bcdefghijklmnopqrstuvwxy nz-abdikmsuyz oa-acrv ob-iklmortu oc-ahmou od-aktu of-osu og-bcegou oh-tu
oi-aen oj-bcgpsvw ok-abcdeghijklmnorsuvxz ol-adekmortu om-abcgiklnopqrtuvwxy on-abegijknoprstuwx oo-dgnrs
op-akmoty or-aceghnorstuvwxyz os-acinoptux ot-abdeiklmnoqrstuwxyz ou-abeim ov-d ow-il oy-bdmy oz-m
pa-abcdefghiklmopqrsuvwxyz pb-bcefghilmnoprstuvy pc-abcdefghijklmnpw pd-acinotu pe-abdefghijklmopqsvxyz
pf-ael pg-adgiklnsuz ph-adghijklmnoqrtuvw pi-abcdefghjlmnoprstuvwxyz pj-t pk-abcghnoprstu
pl-abcdefghjklnoqrstuvwyz pm-abdefhijklmnoqrstwxyz pn-abcdeghijklmnopqrstuvwxyz po-cefghikmnopqstvwxyz
pp-eiklmnopqstu pq-aemw pr-acdefghiklmnopqrstuwxz ps-acdeghilmnopqrstuwy pt-ahinopqrtuvwy
pu-abcdefgijmopqrtuwxy pw-abgimnorw px-m py-emnsuxy pz-hn qu-abcdfghiklmnpqrsvwxyz qv-acehijlmnopswyz
qw-acehmst qx-achlnopqrstuw qy-ap ra-abcdfghijklmnopqrstuvwxyz rb-bklp rc-f rd-b re-abegijlmnrsty
rg-aeknrsu rh-gp ri-abflmnrtu rj-gis rk-abhimtw rm-abcdefghiklmnopqstuvwxyz rn-bdglnprw ro-abcdefglmopruw
rp-nt rr-iot rs-bklmn rt-chmsw ru-bcefghikopqtuyz rw-aklmor rx-dw ry-nsu rz-h sa-abcdefhijklmoqrstuvwxyz
sb-abcdefghijklmnopqrstuvwxyz sc-befghiklnopqstuvwx sd-abcefghjklnopqrstuvxz se-abcdefghijklmnopqrstuvwyz
sf-bemsw sg-abcdeghijkmnprstuwxyz sh-abcdeghijklmnopqrstuvwxyz si-abdefghijklmopqrstuvwxyz
sj-abdegklmnoprstuw sk-abcdefghijmnopqrstuvwxyz sl-acdefghijlmnpqrstuwxyz sm-abcfghijklmnpqrstuvwxyz
sn-cefgijklmnopqrsuvwxyz so-abcdeghijklnopqrsuvwxyz sp-bcdegiklmnopqrstuvxy sq-ahjkmnoqrstux
sr-abcefghiklmnoqrstuvwxyz ss-abcdefghijklmnopqrstuvxyz st-abdefghijklmnopqrstuvwy su-abcegijkoqrstvwxyz
sv-abcekmsx sw-bcfghijklmnopqrstuvwxy sx-bcegklmnorsuw sy-abcdiklmnorswxy sz-abcdeglnpsvwy
ta-abcdefgijklnopqrsuvwxyz tb-acdefghijklmnopqrstuvwxyz tc-abcdefghiklmnopqstuwxyz
td-abcdefghijklmnoqrstvxy te-abcdefghikmnopqrstuvwxyz tf-inort tg-abcdefhijnopqrstuvwxyz
th-defhiklmnpqrstuvyz ti-acfghijklmnopqstuvwxyz tj-agijlmnopsuw tk-abdefglmnpqrstuvwxz
tl-abcdfghijklmnopqrstuvxy tm-abcdefghijklmnoqrstuvwyz tn-abcdghiklmnopqrstuvwxyz
to-bcdfghijklmopqrsuvwxyz tp-acefgijklmnopqrtuvwxyz tq-blmnopqrtuw tr-abcdefghijklmnopqrstuvwxyz
ts-abcdeghijklmpqrstuvwxyz tt-abcdefghijklmnopqrstuvwyz tu-abcdefghijlmnopqstuvwxyz tv-adeklmnostuwxy
tw-abcdefghlmnopqrtuwxy tx-abceghijmnoqrstuxy ty-aehijlnprstuvxyz tz-ahjlmnox ua-mnr ub-ailruy
ud-aegijlmu ue-s uf-i ug-abehnoy uh-an ui-sv uj-i uk-aghiklpqsuvwy ul-abcefiklmnuw um-abcdgimnoprsu
un-adegikmnruxz uo-n up-iv ur-abcefghijklmnoprtuvwxyz us-ahikpsu ut-aehpru uu-mru uv-ehl uw-a uy-a uz-ns
va-aefghijlmnoprsuvy vb-bk ve-cdlmopr vg-rt vi-cdfglnstv vk-ajklmnoptuz vl-ps vm-abcdefghijklmpqrsuvwxyz
vn-kmp vo-rt vr-aost vs-ilv vt-o vu-mnt vw-a wa-abcdefghijklmnopqrstuvwxyz wb-abefhijklmpqrstvw wc-ai
wd-dgjktuy we-acdghimnoprstuw wf-g wg-abgiouy wh-agku wi-bcefghijklmnruvy wj-ai wk-abdlruwy
wl-aceghiklmorsuvwxy wm-abcdeghimnostwx wn-bcdegikmnopuwy wo-abcdefgikmnorswy wp-c wr-bghiklmnoprsuvwxyz
ws-agikrsuv wt-fhikmw wu-abdhlmnrtuvxy ww-aborw wx-aw wy-bimnry xa-abcdegijklmnopqrstuvwy
xb-bcdegijmnoprwy xc-bceghlmnortuvwy xd-ackmoqy xe-bdglmprstu xf-a xg-abdfgilmnruw xh-acdemrtuv
xi-bilnrsvy xj-bt xk-abcdefgijklnopqrstuvwxyz xl-abcdeginopsuy xm-abcdefghjklmnopqrstuvwxyz
xn-abdghijkmnoqrstuyz xo-cdgikmnoprw xp-abcdefghijklmnopqrstuvwxyz xq-at xr-abdegimnrtuw
xs-abcdehijlmnopqrsuvy xt-abcdeghijlmnopqrstuvwy xu-abdgjlmnoprtu xv-einos xw-acdegjklortw xx-bkmrt
xy-abjklty xz-hmp ya-abcdefghijklmnopqrstuvwxyz yb-abehijklmnoxy yc-hlnp yd-adegk ye-aceijlrstuvy
yg-ailmprsuw yh-adls yi-afghijklmnpqrstuvxz yk-agiklmnortuy yl-abegilmnoruy ym-bcdeghiklmnopqrsxz
yn-adegklnoqsu yo-bgiklmntxy yp-abghkmnopz yr-abeklmnoswy ys-cdglmnoprsy yt-alpwy
yu-abcdefgijklmnpqrtwxyz yv-at yw-aglnqrtuw yx-aglmuy yy-ruz yz-gk za-abcdefghijklmopqrstuvwxyz
zb-aceltuw zc-adh zd-j ze-aghn zg-abhmnr zh-bdinwx zi-abklmnwz zk-abdghknoprtuvz zl-aejmnqsw
zm-abcdefghijklmnopqrstuvwxyz zn-adegks zo-chmoqrs zp-abcdefghijklmnopqrstuvwxyz zq-e zr-agnops zs-aklmru
zt-eglmnpqstuxy zu-ahmny zw-a zx-x zy-bgjnp zz-aj"""
"""Three-letter codes of ISO 639-3 and 639-5 that have no two-letter form."""

_REGIONS = """\
A-ACDEFGILMNOQRSTUWXZ B-ABDEFGHIJLMNOQRSTUVWYZ C-ACDFGHIKLMNOPRSUVWXYZ D-DEGJKMOZ E-ACEGHRSTUZ F-IJKMORX
G-ABDEFGHILMNPQRSTUWY H-KMNRTU I-CDELMNOQRST J-EMOP K-EGHIMNPRWYZ L-ABCIKRSTUVY M-ACDEFGHKLMNOPQRSTUVWXYZ
N-ACEFGILOPRTUZ O-M P-AEFGHKLMNRSTWY Q-A R-EOSUW S-ABCDEGHIJKLMNORSTUVXYZ T-ACDFGHJKLMNOPRTVWZ U-AGMNSYZ
V-ACEGINU W-FS X-K Y-DETU Z-AMRWZ"""
"""Two-letter codes of ISO 3166-1, with those reserved or withdrawn that tags may still carry."""

_SCRIPTS = """\
Adlm Afak Aghb Ahom Arab Aran Armi Armn Avst Bali Bamu Bass Batk Beng Bhks Blis Bopo Brah Brai Bugi Buhd
Cakm Cans Cari Cham Cher Cirt Copt Cprt Cyrl Cyrs Deva Dsrt Dupl Egyd Egyh Egyp Elba Ethi Geok Geor Glag
Goth Gran Grek Gujr Guru Hanb Hang Hani Hano Hans Hant Hatr Hebr Hira Hluw Hmng Hrkt Hung Inds Ital Jamo
Java Jpan Jurc Kali Kana Khar Khmr Khoj Kitl Kits Knda Kore Kpel Kthi Lana Laoo Latf Latg Latn Leke Lepc
Limb Lina Linb Lisu Loma Lyci Lydi Mahj Mand Mani Marc Maya Mend Merc Mero Mlym Modi Mong Moon Mroo Mtei
Mult Mymr Narb Nbat Newa Nkgb Nkoo Nshu Ogam Olck Orkh Orya Osge Osma Palm Pauc Perm Phag Phli Phlp Phlv
Phnx Piqd Plrd Prti Qaaa Qabx Rjng Roro Runr Samr Sara Sarb Saur Sgnw Shaw Shrd Sidd Sind Sinh Sora Sund
Sylo Syrc Syre Syrj Syrn Tagb Takr Tale Talu Taml Tang Tavt Telu Teng Tfng Tglg Thaa Thai Tibt Tirh Ugar
Vaii Visp Wara Wole Xpeo Xsux Yiii Zinh Zmth Zsye Zsym Zxxx Zyyy Zzzz"""
"""Codes of ISO 15924."""


def _unpacked(packed: str) -> frozenset[str]:
    codes: set[str] = set()
    for word in packed.split():
        head, _, endings = word.partition("-")
        codes.update(head + ending for ending in endings)
    return frozenset(codes)


LANGUAGES = _unpacked(_LANGUAGES_2) | _unpacked(_LANGUAGES_3)
"""Primary subtags, in lower case."""
REGIONS = _unpacked(_REGIONS)
"""Region subtags of two letters, in upper case."""
SCRIPTS = frozenset(_SCRIPTS.split())
"""Script subtags, with their capital."""
