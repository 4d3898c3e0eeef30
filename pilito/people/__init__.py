"""The people of the shop: who they are, how they come in, and what ends their sessions. They know no customer."""
