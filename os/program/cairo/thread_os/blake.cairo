// Blake2s of felts, as Starknet's compiled class hashes use it.
//
// A felt is written as 32-bit words, highest first: two if it is below 2^63, else eight, of which the first carries a
// mark, its bit 31. The words are hashed with Blake2s-256, and the digest's eight words make a felt modulo the prime.
//
// That a hash fixes the felts needs words that can be read in one way only. So it is here: a stretch of words is read
// as two or as eight by its first word's mark, and all that is read is asserted. (That a felt could be *written* in
// another way, with the prime added to it or with too many words, gives it other words and so another hash, not
// another felt the same hash.)

from starkware.cairo.common.alloc import alloc
from starkware.cairo.common.registers import get_label_location

// Hash of no felts.
const EMPTY_HASH = 874258848688468311465623299960361657518391155660316941922502367727700287818;

// The Blake2s opcode has no syntax, so it is written as a data word. A word holds three offsets of 16 bits, each with
// 2^15 added: of the cell with the counter of bytes, of the pointer to the state and of the pointer to the message. 15
// flags follow: bit 4 says that the message's pointer is relative to `ap`; those that are zero make the other two
// offsets relative to `ap` too, and leave `ap` as it is; bit 11 adds one to `ap`. Bits 63 and up are the extension: 1
// for a block, 2 for the last block. The new state goes to where `[ap]` points.
//
// The opcode's component proves that counter, state, message and new state are words below 2^32: it splits each cell
// that it reads or writes into limbs that are looked up in range check tables.
const COUNTER_OFFSET = 2 ** 15 - 1;
const STATE_OFFSET = 2 ** 15 - 4;
const MESSAGE_OFFSET = 2 ** 15 - 2;
const BLAKE_OPERANDS = COUNTER_OFFSET + 2 ** 16 * STATE_OFFSET + 2 ** 32 * MESSAGE_OFFSET + 2 ** (48 + 4);
const BLAKE = BLAKE_OPERANDS + 2 ** 63;
const BLAKE_LAST = BLAKE_OPERANDS + 2 ** (48 + 11) + 2 ** 64;

const BLOCK_WORDS = 16;
const STATE_WORDS = 8;
const WORD_BYTES = 4;

// The largest felt that takes two words.
const MAX_SMALL = 2 ** 63 - 1;
const MARK = 2 ** 31;
const WORD = 2 ** 32;

// Hash of the felts from `data` up to `data + n`.
func hash_felts{range_check_ptr}(data: felt*, n: felt) -> (hash: felt) {
    if (n == 0) {
        return (hash=EMPTY_HASH);
    }
    alloc_locals;
    local words: felt*;
    // The felts' words, and zeros up to a whole block. Bound by `check_words` and `hash_words`.
    %{ zkthreads.felt_words(ids.words, ids.data, ids.n) %}
    let (words_end) = check_words(data, data + n, words);
    return hash_words(words, words_end - words);
}

// Where `check_words` is: the next felt, the next word, the next range check cell.
struct Position {
    data: felt*,
    words: felt*,
    range_checks: felt*,
}

// Checks that the words from `words` on are those of the felts from `data` up to `data_end`. That they are below 2^32
// is left to the Blake2s opcode, which reads them all.
func check_words{range_check_ptr}(data: felt*, data_end: felt*, words: felt*) -> (words_end: felt*) {
    alloc_locals;
    local max_small = MAX_SMALL;
    tempvar position = Position(data=data, words=words, range_checks=cast(range_check_ptr, felt*));

    next:
    // Writes to `[ap]` and the two cells behind it which of the following comes next. Each asserts what it reads.
    %{ zkthreads.felt_shape(ids.data_end) %}
    jmp eight_small if [ap] != 0, ap++;
    jmp one_small if [ap] != 0, ap++;
    jmp finish if [ap] != 0, ap++;

    // A large felt: its first word is at least the mark.
    let at = [cast(ap - Position.SIZE - 3, Position*)];
    tempvar top = at.words[0] - MARK;
    assert at.range_checks[0] = top;
    tempvar two = top * WORD + at.words[1];
    tempvar four = (two * WORD + at.words[2]) * WORD + at.words[3];
    tempvar six = (four * WORD + at.words[4]) * WORD + at.words[5];
    tempvar eight = (six * WORD + at.words[6]) * WORD + at.words[7];
    assert at.data[0] = eight;
    tempvar position = Position(at.data + 1, at.words + 8, at.range_checks + 1);
    jmp next;

    one_small:
    let at = [cast(ap - Position.SIZE - 2, Position*)];
    tempvar felt_0 = at.words[0] * WORD + at.words[1];
    assert at.data[0] = felt_0;
    assert at.range_checks[0] = max_small - felt_0;
    tempvar position = Position(at.data + 1, at.words + 2, at.range_checks + 1);
    jmp next;

    eight_small:
    let at = [cast(ap - Position.SIZE - 1, Position*)];
    tempvar felt_0 = at.words[0] * WORD + at.words[1];
    assert at.data[0] = felt_0;
    assert at.range_checks[0] = max_small - felt_0;
    tempvar felt_1 = at.words[2] * WORD + at.words[3];
    assert at.data[1] = felt_1;
    assert at.range_checks[1] = max_small - felt_1;
    tempvar felt_2 = at.words[4] * WORD + at.words[5];
    assert at.data[2] = felt_2;
    assert at.range_checks[2] = max_small - felt_2;
    tempvar felt_3 = at.words[6] * WORD + at.words[7];
    assert at.data[3] = felt_3;
    assert at.range_checks[3] = max_small - felt_3;
    tempvar felt_4 = at.words[8] * WORD + at.words[9];
    assert at.data[4] = felt_4;
    assert at.range_checks[4] = max_small - felt_4;
    tempvar felt_5 = at.words[10] * WORD + at.words[11];
    assert at.data[5] = felt_5;
    assert at.range_checks[5] = max_small - felt_5;
    tempvar felt_6 = at.words[12] * WORD + at.words[13];
    assert at.data[6] = felt_6;
    assert at.range_checks[6] = max_small - felt_6;
    tempvar felt_7 = at.words[14] * WORD + at.words[15];
    assert at.data[7] = felt_7;
    assert at.range_checks[7] = max_small - felt_7;
    tempvar position = Position(at.data + 8, at.words + 16, at.range_checks + 8);
    jmp next;

    finish:
    let at = [cast(ap - Position.SIZE - 3, Position*)];
    assert at.data = data_end;
    let range_check_ptr = cast(at.range_checks, felt);
    return (words_end=at.words);
}

// Checks that the eight words from `words` on are those of a large felt. It may be small, too, which makes another hash
// than Starknet's.
func check_large{range_check_ptr}(large: felt, words: felt*) {
    // Writes the words. Bound below; that they are below 2^32 is left to the Blake2s opcode.
    %{ zkthreads.large_words(ids.large, ids.words) %}
    tempvar top = words[0] - MARK;
    assert [range_check_ptr] = top;
    let range_check_ptr = range_check_ptr + 1;
    tempvar two = top * WORD + words[1];
    tempvar four = (two * WORD + words[2]) * WORD + words[3];
    tempvar six = (four * WORD + words[4]) * WORD + words[5];
    assert large = (six * WORD + words[6]) * WORD + words[7];
    return ();
}

// Blake2s-256 of `n` words, at least one, as a felt.
func hash_words{range_check_ptr}(words: felt*, n: felt) -> (hash: felt) {
    alloc_locals;
    local n_full;
    // How many blocks come before the last. Bound below: the last block has 1 to 16 words.
    %{ zkthreads.blake_blocks(ids.n_full, ids.n) %}
    local n_last = n - n_full * BLOCK_WORDS;
    assert [range_check_ptr] = n_last - 1;
    assert [range_check_ptr + 1] = BLOCK_WORDS - n_last;
    let range_check_ptr = range_check_ptr + 2;
    local last: felt* = words + n_full * BLOCK_WORDS;
    assert_zeros(block=last, start=n_last);

    let (local states: felt*) = alloc();
    local digest: felt* = states + n_full * STATE_WORDS;
    let (initial) = get_label_location(initial_state);
    compress(
        initial=initial,
        n_full=n_full,
        words=words,
        states=states,
        last=last,
        n_bytes=n * WORD_BYTES,
        digest=digest,
    );
    tempvar half = ((digest[7] * WORD + digest[6]) * WORD + digest[5]) * WORD + digest[4];
    tempvar hash = (((half * WORD + digest[3]) * WORD + digest[2]) * WORD + digest[1]) * WORD + digest[0];
    return (hash=hash);

    // Blake2s's initial state for a digest of 32 bytes without a key.
    initial_state:
    dw 0x6b08e647;
    dw 0xbb67ae85;
    dw 0x3c6ef372;
    dw 0xa54ff53a;
    dw 0x510e527f;
    dw 0x9b05688c;
    dw 0x1f83d9ab;
    dw 0x5be0cd19;
}

// Compresses `n_full` blocks from `words` on, the states to `states` and behind, then the block at `last`, the state
// to `digest`. The compiler knows nothing of what comes behind a data word, so this is written without its names: the
// arguments are at [fp - 9] to [fp - 3].
func compress(
    initial: felt*, n_full: felt, words: felt*, states: felt*, last: felt*, n_bytes: felt, digest: felt*
) {
    // Each block leaves behind: message, counter, state, full blocks left. The first one has but the latter two.
    [ap] = [fp - 9], ap++;
    [ap] = [fp - 8], ap++;
    jmp first_block if [ap - 1] != 0;
    jmp last_block;

    first_block:
    [ap] = [fp - 7], ap++;
    [ap] = BLOCK_WORDS * WORD_BYTES, ap++;
    [ap] = [fp - 6];
    dw BLAKE;
    [ap + 1] = [ap - 3] + (-1), ap++;
    jmp next_block if [ap] != 0, ap++;
    jmp last_block;

    next_block:
    [ap] = [ap - 4] + BLOCK_WORDS, ap++;
    [ap] = [ap - 4] + BLOCK_WORDS * WORD_BYTES, ap++;
    [ap] = [ap - 4] + STATE_WORDS;
    dw BLAKE;
    [ap + 1] = [ap - 3] + (-1), ap++;
    jmp next_block if [ap] != 0, ap++;

    last_block:
    [ap] = [fp - 5], ap++;
    [ap] = [fp - 4], ap++;
    [ap] = [fp - 3];
    dw BLAKE_LAST;
    ret;
}

// Asserts that `block` holds zeros from its `start`-th word on (counted from zero), `start` being 1 to 16.
func assert_zeros(block: felt*, start: felt) {
    [ap] = 0, ap++;
    // Skips the assertions about the words before.
    jmp rel [fp - 3];
    [fp] = [[fp - 4] + 1];
    [fp] = [[fp - 4] + 2];
    [fp] = [[fp - 4] + 3];
    [fp] = [[fp - 4] + 4];
    [fp] = [[fp - 4] + 5];
    [fp] = [[fp - 4] + 6];
    [fp] = [[fp - 4] + 7];
    [fp] = [[fp - 4] + 8];
    [fp] = [[fp - 4] + 9];
    [fp] = [[fp - 4] + 10];
    [fp] = [[fp - 4] + 11];
    [fp] = [[fp - 4] + 12];
    [fp] = [[fp - 4] + 13];
    [fp] = [[fp - 4] + 14];
    [fp] = [[fp - 4] + 15];
    ret;
}
