"""The API for programs, at /v1: OpenAI's image API, as its SDKs and the vendor's speak it.

A call is read strictly (`parsers`, `fields`, `calls`), checked by `studio.orders`, accepted by
`jobs.submit` and waited for by `jobs.wait`: it is the same durable, paid, stored job that
the studio page makes. Each key sees its own workspace and nothing else.
"""
