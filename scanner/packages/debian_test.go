package packages

import ("testing";"context";"time"
"github.com/guestctl/guestctl/engine"
"github.com/guestctl/guestctl/engine/facts"
"github.com/guestctl/guestctl/engine/shipped"
)
func TestTry(t *testing.T){
 m,err:=engine.Open(context.Background(),[]string{"../../build/images/debian12.raw"},engine.Options{}); if err!=nil{t.Fatal(err)}
 g,err:=m.View("auto"); if err!=nil{t.Fatal(err)}
 t0:=time.Now()
 x,err:=shipped.Load(t.Context(),g); if err!=nil{t.Fatal(err)}
 t.Log(time.Since(t0), x.Len(), x.Problems, x.Weaknesses)
 o,_:=facts.OwnersOf(g)
 r,err:=Verify(t.Context(),g,Options{Packages:x,Owners:o,Files:true,Unowned:true}); if err!=nil{t.Fatal(err)}
 t.Log(time.Since(t0)); t.Logf("%+v",r.Stats); t.Log(r.Summary()); for _,n:=range r.Notes{t.Log(n)}
 for i,d:=range r.Differences{ if i<60{t.Log(d.Path,d.Kind,d.Role,d.Severity,d.Expected,d.Actual,d.Source)}}
 t.Log(r.Unread)
}
