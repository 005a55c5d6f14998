<?php
/**
 * Plugin Name:       Porchlight chat
 * Description:       Puts the Porchlight chat on the pages of your site.
 * Version:           1.0.0
 * Requires at least: 6.3
 * Requires PHP:      7.4
 * License:           Apache-2.0 OR MIT
 *
 * @package Porchlight
 */

defined( 'ABSPATH' ) || exit;

/** Asks for the script on each page of the site, unless it is not set up or a filter says otherwise. */
function porchlight_enqueue() {
	$edge = get_option( 'porchlight_edge' );
	$site = get_option( 'porchlight_site' );
	if ( ! $edge || ! $site || ! apply_filters( 'porchlight_is_shown', true ) ) {
		return;
	}
	// No version: the address stays the same, and the edge says how long it may be kept.
	wp_enqueue_script( 'porchlight', $edge . '/widget.js', array(), null, array( 'strategy' => 'async' ) );
}
add_action( 'wp_enqueue_scripts', 'porchlight_enqueue' );

/**
 * Tells the script which site it is on.
 *
 * @param string $tag    The script's element.
 * @param string $handle The script's name.
 */
function porchlight_tag( $tag, $handle ) {
	if ( 'porchlight' !== $handle ) {
		return $tag;
	}
	return str_replace( ' src=', ' data-site="' . esc_attr( get_option( 'porchlight_site' ) ) . '" src=', $tag );
}
add_filter( 'script_loader_tag', 'porchlight_tag', 10, 2 );

/**
 * The address of the edge without a path, or nothing.
 *
 * @param string $value What was typed.
 */
function porchlight_clean_edge( $value ) {
	return untrailingslashit( esc_url_raw( trim( $value ), array( 'https', 'http' ) ) );
}

/**
 * A site key, or nothing.
 *
 * @param string $value What was typed.
 */
function porchlight_clean_site( $value ) {
	return preg_match( '/^pk_[0-9A-Za-z]{24}$/', trim( $value ) ) ? trim( $value ) : '';
}

/** The two values and their boxes. */
function porchlight_settings() {
	$fields = array(
		'porchlight_edge' => array( 'Address of the edge', 'https://chat.example.com' ),
		'porchlight_site' => array( 'Site key', 'pk_…' ),
	);
	add_settings_section( 'porchlight', '', '__return_null', 'porchlight' );
	foreach ( $fields as $name => list( $label, $example ) ) {
		$clean = str_replace( 'porchlight_', 'porchlight_clean_', $name );
		register_setting( 'porchlight', $name, array( 'sanitize_callback' => $clean ) );
		$box = function () use ( $name, $example ) {
			printf(
				'<input class="regular-text" id="%1$s" name="%1$s" value="%2$s" placeholder="%3$s">',
				esc_attr( $name ),
				esc_attr( get_option( $name ) ),
				esc_attr( $example )
			);
		};
		add_settings_field( $name, esc_html( $label ), $box, 'porchlight', 'porchlight', array( 'label_for' => $name ) );
	}
}
add_action( 'admin_init', 'porchlight_settings' );

/** Settings → Porchlight. */
function porchlight_menu() {
	$page = function () {
		echo '<div class="wrap"><h1>Porchlight</h1><form method="post" action="options.php">';
		settings_fields( 'porchlight' );
		do_settings_sections( 'porchlight' );
		submit_button();
		echo '</form></div>';
	};
	add_options_page( 'Porchlight', 'Porchlight', 'manage_options', 'porchlight', $page );
}
add_action( 'admin_menu', 'porchlight_menu' );
