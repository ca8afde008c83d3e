// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/** Tokens and contracts that have cost exchanges money, for tests. None is of any use. */
contract PlainToken {
    string public symbol = "USDT";
    uint8 public constant decimals = 6;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    bool public paused;
    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function pause(bool on) external {
        paused = on;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        return true;
    }

    function transfer(address to, uint256 value) external virtual returns (bool) {
        require(!paused, "paused");
        move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external virtual returns (bool) {
        require(!paused, "paused");
        allowance[from][msg.sender] -= value;
        move(from, to, value);
        return true;
    }

    function move(address from, address to, uint256 value) internal virtual {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/** Says that it paid when it did not, with a status of success. */
contract FalseToken is PlainToken {
    function transfer(address, uint256) external pure override returns (bool) {
        return false;
    }
}

/** Tells of a payment that never was. */
contract LyingToken is PlainToken {
    function transfer(address to, uint256 value) external override returns (bool) {
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/** Keeps a hundredth and tells of the whole. */
contract FeeToken is PlainToken {
    function move(address from, address to, uint256 value) internal override {
        balanceOf[from] -= value;
        balanceOf[to] += value - value / 100;
        emit Transfer(from, to, value);
    }
}

contract PaysThenReverts {
    function pay(address payable to) external payable {
        (bool ok, ) = to.call{value: msg.value}("");
        require(ok);
        revert("gotcha");
    }
}

/** The outer call succeeds, the payment below it was undone. */
contract Trap {
    PaysThenReverts immutable inner = new PaysThenReverts();

    function attack(address payable to) external payable {
        try inner.pay{value: msg.value}(to) {} catch {}
    }
}

/** Pays by ending itself: no call carries the coins. */
contract Bomb {
    function pay(address payable to) external payable {
        selfdestruct(to);
    }
}

/** Pays several times in one transaction. */
contract Splitter {
    function pay(PlainToken token, address to, uint256 each, uint256 times) external {
        for (uint256 i = 0; i < times; i++) token.transferFrom(msg.sender, to, each);
    }
}

/** A wallet that writes down what it gets: 21,000 gas are not enough to pay it. */
contract Ledger {
    uint256 public received;

    receive() external payable {
        received += msg.value;
    }
}
