{#- The whole of what a page runs: 1,024 bytes at most as sent, so names are short. These remarks are
   not sent. l: the live region, empty from the start; s: its data-*, which hold every word that is
   shown; c: the switch; m, a: what goes into the region, made once, so that focus on the link is
   kept; n: the newest update this page knows; w: how long to wait; i: a question is due or out. -#}
{let d=document,[l,c]=d.querySelectorAll("#live,#news"),s=l.dataset,m=new Text,a=d.createElement("a"),n=s.newest,h="2-digit",w=6e4,i,
{#- An instant as a time of day in a zone; no zone is the reader's own. #}

f=(t,o,z)=>new Date(t).toLocaleString(s.lang,{hour:h,minute:h,hourCycle:"h23",timeZone:z,...o}),
r=async()=>{if(i=!d.hidden&&c.checked){try{
let{newest_update:q}=await(await fetch(s.root+"status.json",{cache:"no-cache"})).json();
{#- Ids are instants: a copy that is older than the page must not pass for news. #}

if(q.id>(n=n||q.id)){
n=q.id;
m.data=s.text.replace("{}",s.yours.replace("{}",f(q.at)))+" ";
a.href=s.root+q.path;
a.isConnected||l.append(m,a)}
w=6e4}catch{if(w<9e5)w*=2}
i=setTimeout(r,w)}},
v=()=>i||r();
a.text=s.show;
{#- On the page that it leads to, the browser would only scroll. #}

a.onclick=()=>{a.pathname==location.pathname&&setTimeout(()=>location.reload())};
{#- Asking for what is remembered throws where a reader has forbidden it. #}

try{c.checked=localStorage.live!="0"}catch{}
c.onchange=()=>{try{localStorage.live=+c.checked}catch{}v()};
c.labels[0].hidden=0;
d.onvisibilitychange=v;
i=setTimeout(r,w);
{#- Only where the reader's clock shows something that the text does not say yet. #}

d.querySelectorAll("time[datetime*=T]").forEach(e=>{
let t=e.dateTime,o={weekday:"short"},x=f(t,o);
x!=f(t,o,s.zone)&&x!=f(t,o,"UTC")&&e.append(" · "+s.yours.replace("{}",x))
})}
