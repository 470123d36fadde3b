//! Enums whose numbers are known elsewhere too: on the wire, or on the other side of the bridge.

/// Makes the enum and, from the same list, all of its variants and the way back from a number: a variant can't be forgotten in one of them.
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* $variant = $number,)+
        }

        impl $name {
            /// All of them, in the order they are declared in.
            pub const ALL: [Self; [$($number),+].len()] = [$(Self::$variant),+];

            /// The one with this number, if there is any.
            #[inline]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> Self {
                value as Self
            }
        }
    };
}
