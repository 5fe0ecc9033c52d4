//! The two things that streams of literals and matches are made of, copied in steps of 16 bytes where there is room: most are short,
//! and what is written past their end is written over by what follows.

const STEP: usize = 16;
/// Copies longer than this are left to the system's.
const LONG: usize = 256;

/// Moves `len` bytes from the front of `input` to `output`, from byte `at` on; `None` where one of them is too short.
#[inline(always)]
pub(super) fn copy_literals(input: &mut &[u8], len: usize, output: &mut [u8], at: usize) -> Option<()> {
    let room = output.get_mut(at..)?;
    if len <= STEP
        && let (Some(from), Some(to)) = (input.first_chunk::<STEP>(), room.first_chunk_mut())
    {
        *to = *from;
        *input = input.get(len..)?;
        return Some(());
    }
    let literals = input.split_off(..len)?;
    room.get_mut(..len)?.copy_from_slice(literals);
    Some(())
}

/// Repeats `len` bytes from `distance` bytes before byte `at`, which is the first not written; where they overlap, what was just
/// written is repeated. `None` where they lie outside.
#[inline(always)]
pub(super) fn copy_match(output: &mut [u8], at: usize, distance: usize, len: usize) -> Option<()> {
    let end = at.checked_add(len).filter(|&end| end <= output.len())?;
    let from = at.checked_sub(distance).filter(|_| distance > 0)?;
    if len <= LONG && end + STEP <= output.len() {
        // Of a step as much is right as lies between where it reads and where it writes; a repetition can be read from twice as far.
        let (mut done, mut lag) = (0, distance);
        while done < len {
            let bytes = *output.get(at + done - lag..)?.first_chunk::<STEP>()?;
            *output.get_mut(at + done..)?.first_chunk_mut()? = bytes;
            done += lag.min(STEP);
            if lag < STEP {
                lag *= 2;
            }
        }
        return Some(());
    }
    if distance == 1 {
        let byte = *output.get(from)?;
        output.get_mut(at..end)?.fill(byte);
        return Some(());
    }
    // What is there of the repetition doubles with each copy.
    let mut done = 0;
    while done < len {
        let part = (len - done).min(distance + done);
        output.copy_within(from..from + part, at + done);
        done += part;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_repeats_what_lies_before_it() {
        for (distance, len, room) in
            (1..40).flat_map(|d| (0..600).step_by(7).flat_map(move |n| [0, 1, 15, 16, 40].map(|room| (d, n, room))))
        {
            let mut expected: Vec<u8> = (0..40).collect();
            (0..len).for_each(|i| expected.push(expected[40 - distance + i]));
            let mut output = expected[..40].to_vec();
            output.resize(40 + len + room, 0);
            copy_match(&mut output, 40, distance, len).unwrap();
            assert!(output[..40 + len] == expected, "{len} bytes from {distance} back, {room} before the end");
        }
        let mut output = [0; 8];
        for (at, distance, len) in [(4, 0, 1), (4, 5, 1), (4, 1, 5), (9, 1, 1), (4, 1, usize::MAX)] {
            assert_eq!(copy_match(&mut output, at, distance, len), None);
        }
    }
}
