//! Asking NVIDIA's driver for its devices, before libtorch's CUDA part is opened: that is two gigabytes, and where there is
//! no device the driver knows why.

use super::loader;
use hesse_core::device::{CudaName, DeviceError, cuda_version};
use libloading::{Library, Symbol};
use std::ffi::{CStr, c_char, c_int, c_uint};

/// The driver's library.
const LIBRARY: &str = "libcuda.so.1";
/// The least version of CUDA that the driver must support, as it writes it: PyTorch 2.11's.
const NEEDS: (c_int, &str) = (13000, "13.0");

const CAPABILITY_MAJOR: c_int = 75;
const CAPABILITY_MINOR: c_int = 76;
const SUCCESS: c_int = 0;
/// What the driver's stand-in for linkers answers to everything.
const STUB: c_int = 34;

/// A device as the driver knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub name: String,
    /// `9.0`
    pub capability: String,
    pub memory_bytes: u64,
    /// The version of CUDA that the driver supports.
    pub cuda: String,
}

/// The driver, initialised.
struct Driver {
    library: Library,
}

type Unit = unsafe extern "C" fn(c_uint) -> c_int;
type Number = unsafe extern "C" fn(*mut c_int) -> c_int;
type Handle = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
type Name = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
type Memory = unsafe extern "C" fn(*mut usize, c_int) -> c_int;
type Text = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;

impl Driver {
    fn open() -> Result<Self, DeviceError> {
        let no_driver = |cause: String| DeviceError::NoDriver { cause, needs: NEEDS.1 };
        // SAFETY: this is the system's driver library; its initialisers are those that every CUDA program runs.
        let library = unsafe { Library::new(LIBRARY) }.map_err(|e| no_driver(loader(&e)))?;
        let driver = Driver { library };
        // SAFETY: the signature is that of the driver's documentation.
        let status = unsafe { driver.function::<Unit>(c"cuInit").map_err(no_driver)?(0) };
        match driver.good(status) {
            Ok(()) => {}
            Err(cause) if status == STUB => return Err(no_driver(cause)),
            Err(cause) => return Err(DeviceError::NoDevice { cause }),
        }
        Ok(driver)
    }

    /// # Safety
    /// `F` is the function's signature.
    unsafe fn function<F>(&self, name: &'static CStr) -> Result<Symbol<'_, F>, String> {
        // SAFETY: the caller vouches for the signature.
        unsafe { self.library.get(name.to_bytes_with_nul()) }.map_err(|e| loader(&e))
    }

    /// The driver's words for a status that is not success.
    fn good(&self, status: c_int) -> Result<(), String> {
        if status == SUCCESS {
            return Ok(());
        }
        let mut text: *const c_char = std::ptr::null();
        // SAFETY: as above; the driver gives a constant text or leaves null.
        let words = unsafe {
            match self.function::<Text>(c"cuGetErrorString") {
                Ok(describe) if describe(status, &raw mut text) == SUCCESS && !text.is_null() => {
                    CStr::from_ptr(text).to_string_lossy().into_owned()
                }
                _ if status == STUB => "a stub stands in for its library".to_string(),
                _ => "no text".to_string(),
            }
        };
        Err(format!("error {status}: {words}"))
    }

    fn number(&self, name: &'static CStr) -> Result<c_int, String> {
        let mut value = 0;
        // SAFETY: used for functions of this signature alone.
        let status = unsafe { self.function::<Number>(name)?(&raw mut value) };
        self.good(status).map(|()| value)
    }

    fn device(&self, ordinal: c_int) -> Result<Found, String> {
        // SAFETY: signatures as documented; every place is valid, and the name is given its length.
        unsafe {
            let mut device = 0;
            self.good(self.function::<Handle>(c"cuDeviceGet")?(&raw mut device, ordinal))?;
            let mut name = [0 as c_char; 128];
            self.good(self.function::<Name>(c"cuDeviceGetName")?(name.as_mut_ptr(), 127, device))?;
            let ask = self.function::<Attribute>(c"cuDeviceGetAttribute")?;
            let (mut major, mut minor) = (0, 0);
            self.good(ask(&raw mut major, CAPABILITY_MAJOR, device))?;
            self.good(ask(&raw mut minor, CAPABILITY_MINOR, device))?;
            let mut memory = 0usize;
            self.good(self.function::<Memory>(c"cuDeviceTotalMem_v2")?(&raw mut memory, device))?;
            let cuda = u32::try_from(self.number(c"cuDriverGetVersion")?).unwrap_or(0);
            Ok(Found {
                name: CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned(),
                capability: format!("{major}.{minor}"),
                memory_bytes: memory as u64,
                cuda: cuda_version(cuda),
            })
        }
    }
}

/// The device of this number.
///
/// # Errors
/// Where there is no driver, no device, or none of this number, or the driver is too old.
pub(crate) fn find(name: CudaName) -> Result<Found, DeviceError> {
    let driver = Driver::open()?;
    let no_device = |cause| DeviceError::NoDevice { cause };
    let devices = driver.number(c"cuDeviceGetCount").map_err(no_device)?;
    let devices = usize::try_from(devices).unwrap_or(0);
    if devices == 0 {
        return Err(no_device("it counts none".to_string()));
    }
    let ordinal = name.ordinal;
    let number = c_int::try_from(ordinal).ok().filter(|_| ordinal < devices);
    let number = number.ok_or(DeviceError::OutOfRange { ordinal, devices })?;
    let supported = driver.number(c"cuDriverGetVersion").map_err(no_device)?;
    if supported < NEEDS.0 {
        let found = cuda_version(u32::try_from(supported).unwrap_or(0));
        return Err(DeviceError::OldDriver { found, needs: NEEDS.1 });
    }
    driver.device(number).map_err(|cause| DeviceError::Unusable { cause })
}

/// How many devices the driver counts; none where there is no driver.
pub(crate) fn devices() -> usize {
    let counted = Driver::open().ok().and_then(|driver| driver.number(c"cuDeviceGetCount").ok());
    counted.and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}
