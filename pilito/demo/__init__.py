"""The demo: a local stand-in for Instagram, a phone to play the customer on, and a model that is no AI.

Imported in demo mode only. Everything between them is the real Pilito: the webhooks are signed and posted to the real
route, and the replies come through the real Send API client.
"""
