"""``reprise repro``: ``dvc repro``, several stages at a time (DVC runs one after the other, treeverse/dvc#755).

`worker` is DVC, in a process of its own for the plan and for each stage; `command` is the whole with its beginning and
end; `scheduler` decides what starts when, from what `graph` and `costs` say; `locks` knows who holds DVC's locks;
`display` shows it.

On several machines: `shared` is the scheduler with slots on nodes, `cluster` is Dask as far as it is needed, `node`
what runs there, `sharing` what DVC does at both ends, `bundle` the files that a node's checkout is made of.
"""
