//! Components that are small and cost a compiler much, made in code.

use crate::guests::{leb128, section};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A component in a component, and so on.
pub fn nested(depth: usize) -> Vec<u8> {
    // All end together, so each is the beginning of a file that goes on with the next one.
    let mut begins = vec![COMPONENT.to_vec()];
    let mut size = COMPONENT.len();
    for _ in 0..depth {
        let begin = [COMPONENT, &[4], &leb128(size as u32)].concat();
        size += begin.len();
        begins.push(begin);
    }
    begins.reverse();
    begins.concat()
}

/// Components that each hold so many empty modules, or components.
pub fn crowded(components: usize, each: usize, modules: bool) -> Vec<u8> {
    let part = if modules { section(1, MODULE) } else { section(4, COMPONENT) };
    let crowd = section(4, &[COMPONENT, &part.repeat(each)].concat());
    [COMPONENT, &crowd.repeat(components)].concat()
}

/// A function of loops inside each other, with locals or parameters that the innermost one reads.
pub fn looping(loops: usize, locals: u32, parameters: usize) -> Vec<u8> {
    let variables = locals as usize + parameters;
    let reads: Vec<u8> =
        (0..variables).flat_map(|at| [[0x20].as_slice(), &leb128(at as u32), &[0x1a]].concat()).collect();
    let again = [0x41, 0, 0x0d, 0, 0x0b_u8];
    let code = [[0x03, 0x40].repeat(loops), reads, again.repeat(loops), vec![0x0b]].concat();
    let body = [vec![1], leb128(locals), vec![0x7f], code].concat();
    let ty = [vec![1, 0x60], leb128(parameters as u32), vec![0x7f; parameters], vec![0]].concat();
    module(&[section(1, &ty), section(3, &[1, 0]), section(10, &[vec![1], leb128(body.len() as u32), body].concat())])
}

/// Empty functions.
pub fn numerous(functions: u32) -> Vec<u8> {
    let types = [leb128(functions), vec![0; functions as usize]].concat();
    let bodies = [leb128(functions), [2, 0, 0x0b].repeat(functions as usize)].concat();
    module(&[section(1, &[1, 0x60, 0, 0]), section(3, &types), section(10, &bodies)])
}

/// The component with so many empty functions that nobody calls.
pub fn with_functions(component: Vec<u8>, functions: u32) -> Vec<u8> {
    // What stands behind the magic number of a component holds one module.
    [component, numerous(functions).split_off(COMPONENT.len())].concat()
}

/// The component with a module of so many bytes of data, of which each number has its own.
pub fn with_data(component: Vec<u8>, size: usize, number: u8) -> Vec<u8> {
    let pages = leb128(size.div_ceil(64 << 10) as u32);
    let data = [&[1, 0, 0x41, 0, 0x0b], leb128(size as u32).as_slice(), &vec![number; size]].concat();
    let sections = [section(5, &[&[1, 0], pages.as_slice()].concat()), section(11, &data)].concat();
    [component, section(1, &[MODULE, &sections].concat())].concat()
}

/// The component with modules whose memories hold two bytes of data each, a mebibyte apart.
pub fn with_sparse_data(component: Vec<u8>, modules: usize) -> Vec<u8> {
    let far = leb128((1 << 20) - 2);
    let data = [&[2, 0, 0x41, 0, 0x0b, 1, 1, 0, 0x41], far.as_slice(), &[0x0b, 1, 1]].concat();
    let sections = [section(5, &[1, 0, 16]), section(11, &data)].concat();
    [component, section(1, &[MODULE, &sections].concat()).repeat(modules)].concat()
}

/// Blocks inside each other, and nothing else.
pub fn deep(blocks: usize) -> Vec<u8> {
    let code = [[0x02, 0x40].repeat(blocks), vec![0x0b; blocks + 1]].concat();
    let body = [vec![0], code].concat();
    let body = [vec![1], leb128(body.len() as u32), body].concat();
    module(&[section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &body)])
}

/// The component with `count` more instances of an empty core module. It must have one core module so far.
pub fn with_empty_instances(component: Vec<u8>, count: u32) -> Vec<u8> {
    let instances: Vec<u8> = [leb128(count), [0, 1, 0].repeat(count as usize)].concat();
    [component, section(1, MODULE), section(2, &instances)].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [COMPONENT, &section(1, &[MODULE, &sections.concat()].concat())].concat()
}
