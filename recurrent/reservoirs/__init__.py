"""Echo state networks: fixed random recurrent layers with read-outs in closed form."""
