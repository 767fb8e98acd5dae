class Table:
    def __init__(self, *a): self.bad=0; self.n=0
    def add(self, network, source, cells):
        out=[]
        for k,c in cells.items():
            self.n+=1
            if c.failed: self.bad+=1
            out.append("FAIL" if c.failed else ("imp" if c.share is None else f"{c.share:.0%}{'*' if c.impossible else ''}"))
        print(f"{network:20}{source:40}", *[f"{o:5}" for o in out], flush=True)
        seen=set()
        for k,c in cells.items():
            if c.failed and c.failed[:400] not in seen:
                seen.add(c.failed[:400]); print("      ",k,":",c.failed[:400])
    def finish(self):
        print(self.n,self.bad); return int(self.bad>0)
