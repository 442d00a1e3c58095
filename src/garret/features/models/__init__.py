"""The models room: language models behind one contract, whoever runs them."""
