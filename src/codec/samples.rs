//! Channels of an image whose pixels hold a sample of each.

/// The samples of one channel of `channels`, each of `sample_bytes` bytes, 1 or 2.
pub(super) fn of_channel(pixels: Vec<u8>, sample_bytes: usize, channels: u32, channel: u32) -> Vec<u8> {
    let (channels, channel) = (channels as usize, channel as usize);
    match sample_bytes {
        _ if channels == 1 => pixels,
        1 => pixels.into_iter().skip(channel).step_by(channels).collect(),
        _ => pixels.as_chunks::<2>().0.iter().skip(channel).step_by(channels).flatten().copied().collect(),
    }
}
