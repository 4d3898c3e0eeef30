"""The fault run: seeded traffic, processes that die, a provider and a model that fail, and a judge of what came of it.

    plan.py      seed -> what customers and operators do, and when; pure
    nemesis.py   seed -> what breaks, and when; and the hand that breaks it
    traffic.py   does what the plan says, over HTTP only
    model.py     a model that says which questions it was asked, and fails now and then
    house.py     the system under test, in processes of its own, brought back when one dies
    history.py   what was done, what the provider saw, what the database holds: the judge's only source
    checker.py   history -> what was violated, per invariant; pure
    plants.py    bugs that can be planted into the system, to see that the judge finds them

The truth is the fake provider's own log: a customer got what it accepted, and nothing else.
"""
