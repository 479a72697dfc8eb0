# Prints what hivex reads in a hive: a line for each key with its time, and one for each value with its type, length and bytes.
use strict;
use warnings;
use Win::Hivex;
use Digest::SHA qw(sha256_hex);

binmode STDOUT, ':utf8';
my $hive = Win::Hivex->open($ARGV[0]);

sub walk {
    my ($node, $path) = @_;
    printf "K\t%s\t%s\n", $path, $hive->node_timestamp($node);
    for my $value ($hive->node_values($node)) {
        my ($type, $data) = $hive->value_value($value);
        my $bytes = length($data) > 64 ? 'sha256:' . sha256_hex($data) : unpack('H*', $data);
        printf "V\t%s\t%s\t%d\t%d\t%s\n", $path, $hive->value_key($value), $type, length($data), $bytes;
    }
    walk($_, "$path\\" . $hive->node_name($_)) for $hive->node_children($node);
}
walk($hive->root(), '');
