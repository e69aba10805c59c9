"""What an installation needs now and then: wheels that get along, packs fetched, one pack exchanged for another."""
